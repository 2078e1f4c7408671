/** The limiter delays in order, and never keeps a place for somebody who has left. */
import assert from 'node:assert/strict';
import { RateLimiter } from '../../src/auth/rate-limit.js';

const never = new AbortController().signal;

/** Milliseconds until each of `count` requests may go out. */
async function delays(limiter: RateLimiter, count: number): Promise<readonly number[]> {
  const started = performance.now();
  const waits = Array.from({ length: count }, async () => {
    await limiter.take(never);
    return performance.now() - started;
  });
  return Promise.all(waits);
}

describe('the limit of requests', () => {
  it('lets the burst go at once and the rest at the rate, in order', async () => {
    const times = await delays(new RateLimiter({ qps: 50, burst: 3 }), 6);
    assert.ok((times[2] ?? Infinity) < 15, String(times));
    // Three more at 20 ms each.
    assert.ok((times[5] ?? 0) >= 55, String(times));
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
  });

  it('takes 0 for the defaults of client-go', async () => {
    const limiter = new RateLimiter({ qps: 0, burst: 0 });
    const times = await delays(limiter, 10);
    assert.ok(Math.max(...times) < 100, String(times));
    const [eleventh] = await delays(limiter, 1);
    assert.ok((eleventh ?? 0) > 100, `${eleventh} ms at 5 a second`);
  });

  it('takes a negative rate for no limit', async () => {
    const times = await delays(new RateLimiter({ qps: -1, burst: 1 }), 1000);
    assert.ok(Math.max(...times) < 500, String(Math.max(...times)));
  });

  it('gives the place of a caller who leaves to the next', async () => {
    const limiter = new RateLimiter({ qps: 10, burst: 1 });
    await limiter.take(never);
    const leavers = Array.from({ length: 20 }, () => new AbortController());
    const started = performance.now();
    const leaving = leavers.map((leaver) => limiter.take(leaver.signal));
    const staying = limiter.take(never);
    for (const leaver of leavers) leaver.abort(new Error('mount cancelled'));
    for (const take of leaving) await assert.rejects(take, /mount cancelled/);
    await staying;
    assert.ok(performance.now() - started < 1000, 'waited for the places of others');
  });

  it('gives back what was granted to a caller who left in the same moment', async () => {
    const limiter = new RateLimiter({ qps: 20, burst: 1 });
    await limiter.take(never);
    const leaver = new AbortController();
    // Granted and left within one turn: whoever wins, no permission may get lost or be counted twice.
    const leaving = limiter.take(leaver.signal).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 48));
    leaver.abort(new Error('left'));
    await leaving;
    await limiter.take(never);
  });

  it('does not wait for a signal that has fired', async () => {
    const limiter = new RateLimiter({ qps: 1, burst: 1 });
    await assert.rejects(limiter.take(AbortSignal.abort(new Error('over'))), /over/);
    await limiter.take(never);
  });
});
