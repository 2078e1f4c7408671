import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { ProviderError } from '../../src/errors.js';
import { silentLogger } from '../../src/log.js';
import { WorkPlaces, type WorkPlace } from '../../src/mount/places.js';
import { keptLog } from '../server/serving.js';
import { testContext } from '../support/contexts.js';

/** Something that a test ends. */
function door(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Stops a mount after so many turns of the event loop; never for `null`. */
async function stopAfter(controller: AbortController, turns: number | null): Promise<void> {
  for (let turn = 0; turn < (turns ?? 0); turn += 1) await nextTurn();
  if (turns !== null) controller.abort(new Error('stopped'));
}

const placesOf = (places: number, waitingLimit?: number) =>
  new WorkPlaces({ places, log: silentLogger, ...(waitingLimit !== undefined && { waitingLimit }) });

describe('WorkPlaces', () => {
  it('lets no more at work than there are places, and of one namespace half of them', async () => {
    const places = placesOf(4);
    const end = door();
    const begun: string[] = [];
    const run = (owner: string) =>
      places.run(owner, testContext(), async () => {
        begun.push(owner);
        await end.opened;
      });
    const all = ['a', 'a', 'a', 'b', 'c', 'd'].map(run);
    await sleep(5);
    assert.deepEqual(begun, ['a', 'a', 'b', 'c']);
    end.open();
    await Promise.all(all);
    assert.deepEqual(begun, ['a', 'a', 'b', 'c', 'a', 'd']);
  });

  it('lets namespaces begin in turn: the long queues of several hold up no other one', async () => {
    const places = placesOf(2);
    const begun: string[] = [];
    const run = (owner: string) =>
      places.run(owner, testContext(), async () => {
        begun.push(owner);
        await sleep(1);
      });
    const hostile = Array.from({ length: 60 }, (_, index) => run(`hostile-${index % 6}`));
    await sleep(5);
    const before = begun.length;
    await run('good');
    const place = begun.indexOf('good');
    assert.ok(place - before <= 6, `${place - before} mounts went before it`);
    await Promise.all(hostile);
    // Those of each in order, and none left out.
    assert.equal(begun.length, 61);
  });

  it('takes the place back from those who wait for the outside', async () => {
    const places = placesOf(2);
    const blackHole = door();
    const stuck = Array.from({ length: 20 }, () =>
      places.run('tenant', testContext(), (place) => place.outside(() => blackHole.opened)),
    );
    const started = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => places.run('tenant', testContext(), () => 1)));
    assert.ok(performance.now() - started < 500);
    blackHole.open();
    await Promise.all(stuck);
  });

  it('lets those who come back go before those who have not begun', async () => {
    const places = placesOf(2);
    const [answer, work] = [door(), door()];
    const order: string[] = [];
    const first = places.run('a', testContext(), async (place) => {
      await place.outside(() => answer.opened);
      order.push('back');
    });
    await sleep(5);
    const blocker = places.run('a', testContext(), () => work.opened);
    const fresh = places.run('a', testContext(), () => order.push('fresh'));
    answer.open();
    await sleep(5);
    work.open();
    await Promise.all([first, blocker, fresh]);
    assert.deepEqual(order, ['back', 'fresh']);
  });

  it('notes how long a mount waited, and says once in a while in the log that mounts wait', async () => {
    const kept = keptLog();
    const places = new WorkPlaces({ places: 1, log: kept.log });
    const end = door();
    const context = testContext();
    const first = places.run('a', testContext(), () => end.opened);
    const second = places.run('b', context, () => 1);
    const third = places.run('c', testContext(), () => 1);
    await sleep(20);
    end.open();
    await Promise.all([first, second, third]);
    assert.deepEqual(context.waits.turn, { begun: 1, goingOn: 0 });
    assert.deepEqual(
      kept.lines().map(({ message, waiting, atWork, places: all }) => [message, waiting, atWork, all]),
      [['mounts wait for their turn', 1, 1, 1]],
    );
  });

  it('does not let a mount wait that was stopped before', async () => {
    const places = placesOf(1);
    const end = door();
    const busy = places.run('a', testContext(), () => end.opened);
    const context = testContext();
    context.controller.abort(new ProviderError('cancelled', 'the caller is gone'));
    await assert.rejects(
      places.run('b', context, () => 1),
      { code: 'cancelled' },
    );
    end.open();
    await busy;
  });

  it('refuses at once a mount that could not begin in its time', async () => {
    const places = placesOf(1);
    // A mount is at work for about 20 ms.
    for (let n = 0; n < 30; n += 1) await places.run('a', testContext(), () => sleep(20));
    const end = door();
    const busy = places.run('a', testContext(), () => end.opened);
    const waiting = Array.from({ length: 20 }, () => places.run('a', testContext(), () => 1));
    await assert.rejects(
      places.run('a', testContext(100), () => 1),
      (error) => {
        assert.ok(error instanceof ProviderError);
        assert.equal(error.code, 'overloaded');
        assert.match(
          error.message,
          /^this node's provider has 20 mounts waiting, and this one would not be done in the 0 s/,
        );
        return true;
      },
    );
    const other = places.run('b', testContext(100), () => 1);
    end.open();
    await Promise.all([busy, ...waiting, other]);
  });

  it('refuses a mount when too many wait already, but lets some of each namespace wait', async () => {
    const places = placesOf(1, 20);
    const end = door();
    const all = Array.from({ length: 21 }, () => places.run('a', testContext(), () => end.opened));
    const refused = (owner: string) =>
      assert.rejects(
        places.run(owner, testContext(), () => 1),
        {
          code: 'overloaded',
          message: /^this node's provider has \d+ mounts waiting, and no more of this namespace may/,
        },
      );
    await refused('a');
    const others = Array.from({ length: 10 }, () => places.run('b', testContext(), () => end.opened));
    await refused('b');
    end.open();
    await Promise.all([...all, ...others]);
  });

  it('undoes what a mount brought that was stopped on its way back', async () => {
    const places = placesOf(1);
    const [answer, end] = [door(), door()];
    const context = testContext();
    const undone: number[] = [];
    const stopped = places.run('a', context, (place) =>
      place.outside(
        () => answer.opened.then(() => 7),
        (result) => undone.push(result),
      ),
    );
    await sleep(5);
    const busy = places.run('b', testContext(), () => end.opened);
    answer.open();
    await sleep(5);
    const reason = new ProviderError('timed_out', 'late');
    context.controller.abort(reason);
    await assert.rejects(stopped, reason);
    assert.deepEqual(undone, [7]);
    end.open();
    await busy;
    await places.run('c', testContext(), () => 1);
  });

  it('gives on the place of a mount that is stopped in the moment in which it comes', async () => {
    const places = placesOf(1);
    const end = door();
    const context = testContext();
    const busy = places.run('a', testContext(), () => end.opened);
    const stopped = places.run('b', context, () => 1);
    end.open();
    await busy;
    context.controller.abort(new ProviderError('timed_out', 'late'));
    // A mount that comes has the free place given out, and the one that is stopped is the first to get it.
    const next = places.run('c', testContext(), () => 1);
    await assert.rejects(stopped, { code: 'timed_out' });
    assert.equal(await next, 1);
  });

  it('loses no place, whatever mounts do: they fail, are stopped while they wait, go outside', async () => {
    type Step = 'work' | 'outside' | 'fail' | 'stop';
    const scripts = fc.array(
      fc.record({
        owner: fc.constantFrom('a', 'b', 'c'),
        steps: fc.array(fc.constantFrom<Step>('work', 'outside', 'fail', 'stop'), { maxLength: 4 }),
        /** Turns of the event loop after which it is stopped from outside, most often while it waits. */
        stoppedAfter: fc.option(fc.nat(6)),
      }),
      { maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(scripts, fc.integer({ min: 1, max: 5 }), async (mounts, size) => {
        const places = placesOf(size);
        const atWork = new Map<string, number>();
        const here = (owner: string, change: number) => {
          atWork.set(owner, (atWork.get(owner) ?? 0) + change);
          const counts = [...atWork.values()];
          assert.ok(counts.reduce((sum, count) => sum + count, 0) <= size);
          assert.ok(Math.max(...counts) <= Math.max(1, Math.floor(size / 2)));
        };
        const runs = mounts.map(({ owner, steps, stoppedAfter }) => {
          const context = testContext();
          void stopAfter(context.controller, stoppedAfter);
          return places
            .run(owner, context, async (place: WorkPlace) => {
              here(owner, 1);
              for (const step of steps) {
                if (step === 'stop') context.controller.abort(new Error('stopped'));
                if (step === 'fail' || step === 'stop') {
                  here(owner, -1);
                  throw new Error(step);
                }
                if (step === 'outside') {
                  here(owner, -1);
                  await place.outside(() => nextTurn());
                  here(owner, 1);
                } else await nextTurn();
              }
              here(owner, -1);
            })
            .catch(() => undefined);
        });
        await Promise.all(runs);
        assert.deepEqual(places.queueSizes, { returning: 0, fresh: 0 });
        const all = ['a', 'b', 'c', 'd', 'e'].slice(0, size);
        const end = door();
        let begun = 0;
        const again = all.map((owner) =>
          places.run(owner, testContext(), () => {
            begun += 1;
            return end.opened;
          }),
        );
        await sleep(1);
        assert.equal(begun, size);
        end.open();
        await Promise.all(again);
      }),
      { numRuns: 100 },
    );
  });
});
