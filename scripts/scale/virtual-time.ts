/** Runs work in virtual time and with dice of its own: an hour passes in seconds, and a seed always gives the same run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { install } from '@sinonjs/fake-timers';

export interface VirtualRun {
  /** Decides everything that is random. */
  readonly seed: number;
  /** Work that takes longer, in virtual seconds, is taken for work that never ends. */
  readonly limitS: number;
}

const inside = new AsyncLocalStorage<true>();

/**
 * Until the work ends, the whole process has these clocks and timers: nothing else may set any meanwhile. The dice are
 * the work's alone. It may wait for timers and for itself, not for the network or for files.
 * @throws what the work throws, or an Error when it cannot or does not end
 */
export async function inVirtualTime<T>(run: VirtualRun, work: () => Promise<T>): Promise<T> {
  return inside.run(true, () => runWork(run, work));
}

async function runWork<T>({ seed, limitS }: VirtualRun, work: () => Promise<T>): Promise<T> {
  const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  const setVirtualTimeout = clock.setTimeout;
  // As in Node, no timer is shorter than this: otherwise a wait for a fraction of it would end before time goes on.
  clock.setTimeout = (done: () => void, ms = 0) => setVirtualTimeout(done, Math.max(1, Math.trunc(ms)));
  // For those who import the timers by name.
  syncBuiltinESMExports();
  const { random } = Math;
  const seeded = seededRandom(seed);
  // What an earlier test left behind may throw some, and the work would go another way.
  Math.random = () => (inside.getStore() === true ? seeded() : random());
  try {
    let outcome: PromiseSettledResult<T> | undefined;
    void Promise.allSettled([work()]).then(([settled]) => {
      outcome = settled;
    });
    for (;;) {
      // All that can go on without time passing does so before this.
      await new Promise((resolve) => setImmediate(resolve));
      if (outcome?.status === 'fulfilled') return outcome.value;
      if (outcome) throw outcome.reason;
      if (clock.countTimers() === 0) throw new Error('the work waits for something else than time');
      if (clock.next() > limitS * 1000)
        throw new Error(`the work has not ended after ${String(limitS)} virtual seconds`);
    }
  } finally {
    Math.random = random;
    clock.setTimeout = setVirtualTimeout;
    clock.uninstall();
    syncBuiltinESMExports();
  }
}

/** A generator of Marsaglia's xorshift family: not for secrets. */
function seededRandom(seed: number): () => number {
  // Neighbours begin far from each other, and none at 0, which would stay 0.
  let state = Math.imul(seed, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
