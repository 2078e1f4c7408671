/** What is kept, how long, and what goes when there is no more room. */
import assert from 'node:assert/strict';
import { install as installTimers } from '@sinonjs/fake-timers';
import { valueRevalidationMs, valueSweepMs } from '../../../src/budgets.js';
import { Secret } from '../../../src/secret.js';
import { RecentKeys } from '../../../src/provider/recent-keys.js';
import { ValueCache } from '../../../src/provider/values/value-cache.js';
import { VolumeMemory } from '../../../src/provider/values/volume-memory.js';

const answer = (text: string, version = 'v1') => ({ value: new Secret(text), version });

describe('ValueCache', () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
  });
  const cacheOf = (
    options: { readonly maxBytes?: number; readonly staleMs?: number; readonly random?: () => number } = {},
  ) => new ValueCache({ ttlMs: 60_000, staleMs: 0, maxBytes: 10_000, nowMs: () => now, random: () => 0, ...options });

  it('counts what keeping a value costs, and stays below its bound by dropping what was used longest ago', () => {
    const cache = cacheOf();
    for (const key of ['a', 'b', 'c']) cache.put(key, answer('x'.repeat(2000)), 0);
    assert.equal(cache.bytes, 3 * 3024);
    cache.get('a');
    cache.put('d', answer('x'.repeat(2000)), 0);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined),
      [true, false, true, true],
    );
    assert.ok(cache.bytes <= 10_000);
  });

  it('keeps nothing that is larger than its bound, nor the former value in its place', () => {
    const cache = cacheOf();
    cache.put('a', answer('small'), 0);
    cache.put('a', answer('x'.repeat(10_000), 'v2'), 1);
    assert.equal(cache.get('a'), undefined);
    assert.equal(cache.bytes, 0);
  });

  it('keeps a copy, not a slice of a larger buffer', () => {
    const cache = cacheOf();
    const slab = Buffer.alloc(8192, 'x');
    cache.put('a', { value: new Secret(slab.subarray(0, 3)), version: 'v1' }, 0);
    const kept = cache.get('a')?.answer.value.reveal();
    assert.equal(kept?.toString(), 'xxx');
    assert.equal(kept.buffer.byteLength, 3);
  });

  it('spreads the expiry over the last tenth of the time to live, anew at each confirmation', () => {
    const draws = [0, 1, 0.5];
    const cache = cacheOf({ random: () => draws.shift() ?? 0 });
    cache.put('a', answer('x'), 0);
    assert.equal(cache.get('a')?.freshUntilMs, 60_000);
    cache.put('b', answer('x'), 0);
    const kept = cache.get('b');
    assert.equal(kept?.freshUntilMs, 54_000);
    cache.confirm(kept, 100_000);
    assert.equal(cache.get('b')?.freshUntilMs, 157_000);
    assert.equal(cache.get('b')?.fetchedAtMs, 0);
  });

  it('lets no confirmation carry a value over the hour since its fetch', () => {
    const cache = cacheOf();
    cache.put('a', answer('x'), 0);
    const kept = cache.get('a');
    assert.ok(kept);
    cache.confirm(kept, valueRevalidationMs - 10_000);
    assert.equal(cache.get('a')?.freshUntilMs, valueRevalidationMs);
  });

  it('lets an answer that was asked for earlier not take the place of a later one', () => {
    const cache = cacheOf();
    cache.put('a', answer('new', 'v2'), 10);
    cache.put('a', answer('old', 'v1'), 5);
    const kept = cache.get('a');
    assert.equal(kept?.answer.version, 'v2');
    cache.confirm({ ...kept, answer: answer('other') }, 20);
    assert.equal(cache.get('a')?.saidAtMs, 10);
    cache.confirm(kept, 5);
    assert.equal(cache.get('a')?.saidAtMs, 10);
  });

  it('forgets a value that can neither be confirmed nor serve any more', () => {
    const cache = cacheOf({ staleMs: 2 * valueRevalidationMs });
    cache.put('a', answer('x'), 0);
    now = 60_000 + 2 * valueRevalidationMs - 1;
    assert.ok(cache.get('a'));
    now += 1;
    assert.equal(cache.get('a'), undefined);
    assert.equal(cache.bytes, 0);
  });

  it('lets values leave the memory when their time is over, though nobody asks for them', () => {
    const clock = installTimers({ toFake: ['setTimeout'] });
    try {
      const cache = cacheOf();
      cache.put('a', answer('x'), 0);
      cache.put('b', answer('x'), 2);
      now = valueRevalidationMs + 1;
      clock.tick(valueSweepMs);
      assert.equal(cache.bytes, 1025);
      now += 1;
      clock.tick(valueSweepMs);
      assert.equal(cache.bytes, 0);
      assert.equal(clock.countTimers(), 0);
    } finally {
      clock.uninstall();
    }
  });
});

describe('VolumeMemory', () => {
  const given = (count: number) =>
    new Map(Array.from({ length: count }, (_, index) => [String(index), { saidAtMs: 1, givenAtMs: 2 }]));

  it('forgets the volumes that were mounted longest ago when there are too many answers', () => {
    const memory = new VolumeMemory(10);
    memory.remember('a', given(4));
    memory.remember('b', given(4));
    memory.remember('a', given(4));
    memory.remember('c', given(4));
    assert.deepEqual(
      ['a', 'b', 'c'].map((volume) => memory.of(volume).size),
      [4, 0, 4],
    );
  });

  it('forgets what a volume was given before', () => {
    const memory = new VolumeMemory(10);
    memory.remember('a', given(9));
    memory.remember('a', given(1));
    memory.remember('b', given(9));
    assert.deepEqual([memory.of('a').size, memory.of('b').size], [1, 9]);
  });
});

describe('RecentKeys', () => {
  it('forgets the key that was asked for longest ago', () => {
    const keys = new RecentKeys(2);
    keys.add('a');
    keys.add('b');
    assert.equal(keys.has('a'), true);
    keys.add('c');
    assert.deepEqual([keys.has('a'), keys.has('b'), keys.has('c')], [true, false, true]);
  });
});
