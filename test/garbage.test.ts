import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { garbageBytes } from '../src/budgets.js';
import { GarbageBound } from '../src/garbage.js';

describe('GarbageBound', () => {
  it('collects once for so many bytes, and not again while it is at it', async () => {
    const ends: (() => void)[] = [];
    let exposed = 0;
    const bound = new GarbageBound(garbageBytes, () => {
      exposed += 1;
      return () => new Promise((resolve) => ends.push(resolve));
    });
    bound.count(garbageBytes - 1);
    assert.equal(exposed, 0);
    bound.count(1);
    bound.count(3 * garbageBytes);
    assert.equal(ends.length, 1);
    ends[0]?.();
    await sleep(1);
    bound.count(1);
    assert.equal(ends.length, 2);
    assert.equal(exposed, 1);
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
