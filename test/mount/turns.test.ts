import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { Turns } from '../../src/mount/turns.js';

/** Work that begins and ends when told, and writes both down. */
class Steps {
  readonly log: string[] = [];
  readonly #finish = new Map<string, (error?: Error) => void>();

  work(name: string): () => Promise<string> {
    return async () => {
      this.log.push(`${name} begins`);
      await new Promise<void>((resolve, reject) => {
        this.#finish.set(name, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
      this.log.push(`${name} ends`);
      return name;
    };
  }

  async finish(name: string, error?: Error): Promise<void> {
    this.#finish.get(name)?.(error);
    await turn();
  }
}

describe('Turns', () => {
  const never = new AbortController().signal;

  it('runs the work of one key in order, and other keys beside it', async () => {
    const turns = new Turns();
    const steps = new Steps();
    const all = [
      turns.take('a', never, steps.work('a1')),
      turns.take('a', never, steps.work('a2')),
      turns.take('b', never, steps.work('b1')),
    ];
    await turn();
    assert.deepEqual(steps.log, ['a1 begins', 'b1 begins']);
    await steps.finish('a1');
    assert.deepEqual(steps.log, ['a1 begins', 'b1 begins', 'a1 ends', 'a2 begins']);
    await steps.finish('a2');
    await steps.finish('b1');
    assert.deepEqual(await Promise.all(all), ['a1', 'a2', 'b1']);
  });

  it('lets the next one in after a failure', async () => {
    const turns = new Turns();
    const steps = new Steps();
    const first = turns.take('a', never, steps.work('first'));
    const second = turns.take('a', never, steps.work('second'));
    await turn();
    const failed = assert.rejects(first, /broken/);
    await steps.finish('first', new Error('broken'));
    await failed;
    await steps.finish('second');
    assert.equal(await second, 'second');
  });

  it('rejects a waiter whose signal fires, and keeps the order of the others', async () => {
    const turns = new Turns();
    const steps = new Steps();
    const gaveUp = new AbortController();
    const first = turns.take('a', never, steps.work('first'));
    const second = turns.take('a', gaveUp.signal, steps.work('second'));
    const third = turns.take('a', never, steps.work('third'));
    await turn();
    const refused = assert.rejects(second, /enough/);
    gaveUp.abort(new Error('enough'));
    await refused;
    await turn();
    assert.deepEqual(steps.log, ['first begins']);
    await steps.finish('first');
    assert.deepEqual(steps.log, ['first begins', 'first ends', 'third begins']);
    await steps.finish('third');
    await Promise.all([first, third]);
  });

  it('does not begin work whose signal has fired already', async () => {
    const steps = new Steps();
    const signal = AbortSignal.abort(new Error('too late'));
    await assert.rejects(new Turns().take('a', signal, steps.work('a')), /too late/);
    assert.deepEqual(steps.log, []);
  });
});
