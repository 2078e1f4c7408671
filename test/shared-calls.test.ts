/** One call in flight, many waiters: who joins, who leaves, and when the call itself ends. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { SharedCalls } from '../src/shared-calls.js';

interface Started {
  readonly signal: AbortSignal;
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

function recorder() {
  const started: Started[] = [];
  const start = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      started.push({ signal, resolve, reject });
    });
  const nth = (index: number): Started => {
    const call = started[index];
    assert.ok(call, `call ${index} was not started`);
    return call;
  };
  return { started, start, nth };
}

const never = () => new AbortController().signal;

describe('shared calls', () => {
  it('starts one call for waiters of one key and gives each its result', async () => {
    const calls = new SharedCalls<string>();
    const { started, start, nth } = recorder();
    const waiters = [calls.run('a', never(), start), calls.run('a', never(), start), calls.run('a', never(), start)];
    nth(0).resolve('value');
    assert.deepEqual(await Promise.all(waiters), ['value', 'value', 'value']);
    assert.equal(started.length, 1);
    assert.equal(nth(0).signal.aborted, false);
  });

  it('keeps different keys apart', async () => {
    const calls = new SharedCalls<string>();
    const { start, nth } = recorder();
    const waiters = [calls.run('a', never(), start), calls.run('b', never(), start)];
    nth(1).resolve('of b');
    nth(0).resolve('of a');
    assert.deepEqual(await Promise.all(waiters), ['of a', 'of b']);
  });

  it('starts anew after a result and after a failure', async () => {
    const calls = new SharedCalls<string>();
    const { start, nth } = recorder();
    const first = calls.run('a', never(), start);
    nth(0).resolve('one');
    await first;
    const second = calls.run('a', never(), start);
    nth(1).reject(new Error('broken'));
    await assert.rejects(second, /^Error: broken$/);
    const third = calls.run('a', never(), start);
    nth(2).resolve('three');
    assert.equal(await third, 'three');
  });

  it('starts anew for a caller that continues right after the result', async () => {
    const calls = new SharedCalls<string>();
    const { started, start, nth } = recorder();
    const again = calls.run('a', never(), start).then(() => calls.run('a', never(), start));
    nth(0).resolve('old');
    while (started.length < 2) await turn();
    nth(1).resolve('new');
    assert.equal(await again, 'new');
  });

  it('rejects only the waiter whose signal fires, at once and with its reason', async () => {
    const calls = new SharedCalls<string>();
    const { start, nth } = recorder();
    const leaver = new AbortController();
    const first = calls.run('a', leaver.signal, start);
    const second = calls.run('a', never(), start);
    const reason = new Error('deadline of this mount');
    leaver.abort(reason);
    await assert.rejects(first, (error) => error === reason);
    assert.equal(nth(0).signal.aborted, false);
    nth(0).resolve('value');
    assert.equal(await second, 'value');
  });

  it('ends the call when its last waiter leaves, and lets nobody join it after that', async () => {
    const calls = new SharedCalls<string>();
    const { started, start, nth } = recorder();
    const leavers = [new AbortController(), new AbortController()];
    const waiters = leavers.map((leaver) => calls.run('a', leaver.signal, start));
    const outcomes = Promise.allSettled(waiters);
    for (const leaver of leavers) leaver.abort(new Error('gone'));
    await outcomes;
    assert.equal(nth(0).signal.aborted, true);
    const later = calls.run('a', never(), start);
    assert.equal(started.length, 2);
    nth(0).resolve('stale');
    nth(1).resolve('fresh');
    assert.equal(await later, 'fresh');
  });

  it('leaves no unhandled rejection when an abandoned call fails later', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      const calls = new SharedCalls<string>();
      const { start, nth } = recorder();
      const leaver = new AbortController();
      const waiter = calls.run('a', leaver.signal, start);
      leaver.abort(new Error('gone'));
      await assert.rejects(waiter, /gone/);
      nth(0).reject(new Error('too late'));
      await turn();
      await turn();
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', listener);
    }
  });

  it('starts nothing for a signal that has fired already', async () => {
    const calls = new SharedCalls<string>();
    const { started, start } = recorder();
    await assert.rejects(calls.run('a', AbortSignal.abort(new Error('over')), start), /over/);
    assert.equal(started.length, 0);
  });

  it('hands on what start throws', async () => {
    const calls = new SharedCalls<string>();
    const start = () => {
      throw new Error('thrown');
    };
    await assert.rejects(calls.run('a', never(), start), /thrown/);
  });
});
