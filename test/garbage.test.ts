import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { garbageBytes, quietMounts } from '../src/budgets.js';
import { GarbageBound, QuietCollection } from '../src/garbage.js';

describe('GarbageBound', () => {
  it('collects once for so many bytes, and not again while it is at it', async () => {
    const ends: (() => void)[] = [];
    const bound = new GarbageBound(() => new Promise((resolve) => ends.push(resolve)));
    bound.count(garbageBytes - 1);
    assert.equal(ends.length, 0);
    bound.count(1);
    bound.count(3 * garbageBytes);
    assert.equal(ends.length, 1);
    ends[0]?.();
    await sleep(1);
    bound.count(1);
    assert.equal(ends.length, 2);
  });

  it('frees buffers that nobody holds any more', async () => {
    const held = () => process.memoryUsage().arrayBuffers;
    let buffers: Buffer[] = Array.from({ length: 300 }, () => Buffer.allocUnsafeSlow(64 * 1024));
    const before = held();
    buffers = [];
    const bound = new GarbageBound();
    for (let wait = 0; wait < 100 && held() > before - 15_000_000; wait += 1) {
      bound.count(garbageBytes);
      await sleep(10);
    }
    assert.ok(held() < before - 15_000_000, `${held()} of ${before} bytes, ${buffers.length} held`);
  });
});

describe('QuietCollection', () => {
  const start = (everyMs: number) => {
    const kinds: unknown[] = [];
    const collect = ({ flavor }: { readonly flavor?: string }) => Promise.resolve(void kinds.push(flavor));
    return { kinds, quiet: new QuietCollection({ collect, waitMs: 40, everyMs }) };
  };
  const mount = (quiet: QuietCollection, times: number) => {
    for (let count = 0; count < times; count += 1) quiet.begin()();
  };

  it('collects once, thoroughly, when enough mounts have ended and no other came for a while', async () => {
    const { kinds, quiet } = start(0);
    mount(quiet, quietMounts);
    assert.deepEqual(kinds, []);
    await sleep(120);
    assert.deepEqual(kinds, ['last-resort']);
  });

  it('does not for a few mounts, which leave little', async () => {
    const { kinds, quiet } = start(0);
    mount(quiet, quietMounts - 1);
    await sleep(120);
    assert.deepEqual(kinds, []);
  });

  it('does not while a mount is under way', async () => {
    const { kinds, quiet } = start(0);
    mount(quiet, quietMounts);
    const end = quiet.begin();
    await sleep(120);
    assert.deepEqual(kinds, []);
    end();
    await sleep(120);
    assert.deepEqual(kinds, ['last-resort']);
  });

  it('keeps its distance from the time before', async () => {
    const { kinds, quiet } = start(600);
    mount(quiet, quietMounts);
    await sleep(120);
    mount(quiet, quietMounts);
    await sleep(200);
    assert.deepEqual(kinds, ['last-resort']);
    await sleep(600);
    assert.deepEqual(kinds, ['last-resort', 'last-resort']);
  });

  it('has V8 give memory back', async () => {
    const { heapTotal } = process.memoryUsage();
    let garbage = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
    const grown = process.memoryUsage().heapTotal;
    assert.ok(grown > heapTotal + 20_000_000, `${heapTotal} to ${grown} bytes`);
    garbage = [];
    mount(new QuietCollection({ waitMs: 1 }), quietMounts);
    await sleep(1000);
    const left = process.memoryUsage().heapTotal;
    assert.ok(left < grown - 20_000_000, `${grown} to ${left} bytes, ${garbage.length} held`);
  });
});
