/** The limiter delays in order, and never keeps a place for somebody who has left. */
import assert from 'node:assert/strict';
import { RateLimiter } from '../../src/auth/rate-limit.js';

const never = new AbortController().signal;

/** Milliseconds until each of `count` requests may go out. */
async function delays(limiter: RateLimiter, count: number): Promise<readonly number[]> {
  const started = performance.now();
  const waits = Array.from({ length: count }, async () => {
    await limiter.take('ns', never);
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

  it('tells those who wait, and nobody else', async () => {
    const limiter = new RateLimiter({ qps: 50, burst: 1 });
    const told: string[] = [];
    const waiting = (name: string) => () => {
      told.push(name);
      return () => told.push(`${name} no longer`);
    };
    await Promise.all([limiter.take('ns', never, waiting('first')), limiter.take('ns', never, waiting('second'))]);
    assert.deepEqual(told, ['second', 'second no longer']);
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

  it('serves owners in turn: one with many requests delays another by one of them', async () => {
    const limiter = new RateLimiter({ qps: 100, burst: 1 });
    const order: string[] = [];
    const ask = async (owner: string) => {
      await limiter.take(owner, never);
      order.push(owner);
    };
    const many = Array.from({ length: 8 }, () => ask('many'));
    await Promise.all([...many, ask('one'), ask('two'), ask('two')]);
    assert.deepEqual(order.slice(0, 6), ['many', 'many', 'one', 'two', 'many', 'two']);
  });

  it('gives the place of a caller who leaves to the next', async () => {
    const limiter = new RateLimiter({ qps: 10, burst: 1 });
    await limiter.take('ns', never);
    const leavers = Array.from({ length: 20 }, () => new AbortController());
    const started = performance.now();
    const leaving = leavers.map((leaver) => limiter.take('ns', leaver.signal));
    const staying = limiter.take('ns', never);
    for (const leaver of leavers) leaver.abort(new Error('mount cancelled'));
    for (const take of leaving) await assert.rejects(take, /mount cancelled/);
    await staying;
    assert.ok(performance.now() - started < 1000, 'waited for the places of others');
  });

  it('gives back what was granted to a caller who left in the same moment', async () => {
    const limiter = new RateLimiter({ qps: 20, burst: 1 });
    await limiter.take('ns', never);
    const leaver = new AbortController();
    // Granted and left within one turn: whoever wins, no permission may get lost or be counted twice.
    const leaving = limiter.take('ns', leaver.signal).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 48));
    leaver.abort(new Error('left'));
    await leaving;
    await limiter.take('ns', never);
  });

  it('does not wait for a signal that has fired', async () => {
    const limiter = new RateLimiter({ qps: 1, burst: 1 });
    await assert.rejects(limiter.take('ns', AbortSignal.abort(new Error('over'))), /over/);
    await limiter.take('ns', never);
  });
});
