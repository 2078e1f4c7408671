import assert from 'node:assert/strict';
import { Waiter } from '../src/waiter.js';

describe('Waiter', () => {
  /** How the wait ended, and with what the waiter left. */
  const outcomeOf = async (waiter: Waiter, signal: AbortSignal) => {
    const left: boolean[] = [];
    const error = await waiter.wait(signal, (isServed) => left.push(isServed)).catch((reason: unknown) => reason);
    return { error, left };
  };
  const gone = new Error('gone');

  it('waits until it is served, also when that was before', async () => {
    const { signal } = new AbortController();
    const waiter = new Waiter();
    const outcome = outcomeOf(waiter, signal);
    assert.equal(waiter.isServed, false);
    waiter.serve();
    assert.equal(waiter.isServed, true);
    assert.deepEqual(await outcome, { error: undefined, left: [] });
    assert.deepEqual(await outcomeOf(waiter, signal), { error: undefined, left: [] });
  });

  it('leaves with nothing when its signal fires', async () => {
    const leaver = new AbortController();
    const outcome = outcomeOf(new Waiter(), leaver.signal);
    leaver.abort(gone);
    assert.deepEqual(await outcome, { error: gone, left: [false] });
  });

  it('gives back what it gets in the moment in which it leaves, and keeps what came before', async () => {
    const [late, early] = [new AbortController(), new AbortController()];
    const [leaving, served] = [new Waiter(), new Waiter()];
    const outcomes = [outcomeOf(leaving, late.signal), outcomeOf(served, early.signal)];
    late.abort(gone);
    leaving.serve();
    served.serve();
    early.abort(gone);
    assert.deepEqual(await Promise.all(outcomes), [
      { error: gone, left: [true] },
      { error: undefined, left: [] },
    ]);
  });
});
