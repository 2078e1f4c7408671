/** A fleet that starts beyond a quota: with the pace it drains, in virtual time. */
import assert from 'node:assert/strict';
import { performance as imported } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { rollOut, type Fleet, type RollOut } from '../../scripts/scale/fleet.js';
import { figuresOf, idealS } from '../../scripts/scale/roll-out-figures.js';
import { simulation } from '../../scripts/scale/roll-out-section.js';
import { inVirtualTime } from '../../scripts/scale/virtual-time.js';

const small: Fleet = { nodes: 20, namespaces: [10], callsPerPod: 1, perSecond: 4, startWithinS: 5 };
const seed = 7;

describe('virtual time', () => {
  it('passes by itself, for timers and clocks by whatever name, and ends with the work', async () => {
    const real = { started: performance.now(), random: Math.random, setTimeout };
    const seen = await inVirtualTime({ seed, limitS: 7200 }, async () => {
      const clocks = () => [Date.now(), performance.now(), imported.now()];
      const before = clocks();
      await sleep(1_800_000);
      await new Promise((resolve) => setTimeout(resolve, 1_800_000));
      return clocks().map((time, index) => time - (before[index] ?? NaN));
    });
    assert.deepEqual(seen, [3_600_000, 3_600_000, 3_600_000]);
    assert.ok(performance.now() - real.started < 5000);
    assert.deepEqual({ random: Math.random, setTimeout }, { random: real.random, setTimeout: real.setTimeout });
    const pause = performance.now();
    await sleep(20);
    assert.ok(performance.now() - pause >= 19);
  });

  it('throws what the work throws, and is over then too', async () => {
    const { random } = Math;
    const work = async () => {
      await sleep(1000);
      throw new TypeError('broken');
    };
    await assert.rejects(inVirtualTime({ seed, limitS: 10 }, work), /^TypeError: broken$/);
    assert.equal(Math.random, random);
  });

  it('does not wait for work that never ends', async () => {
    const forever = async () => {
      for (;;) await sleep(1000);
    };
    await assert.rejects(inVirtualTime({ seed, limitS: 60 }, forever), /not ended after 60 virtual seconds/);
    const stuck = () => new Promise<void>(() => undefined);
    await assert.rejects(inVirtualTime({ seed, limitS: 60 }, stuck), /waits for something else than time/);
  });
});

describe('a fleet that starts beyond a quota', function () {
  this.timeout(60_000);
  let paced: RollOut;
  before(async () => {
    paced = await rollOut(small, 'pace', seed);
  });

  it('has the same roll-out again with the same seed, and another with another', async () => {
    assert.deepEqual(await rollOut(small, 'pace', seed), paced);
    assert.notDeepEqual(await rollOut(small, 'pace', seed + 1), paced);
  });

  it('has all pods started not long after AWS could have answered all calls, and not before', () => {
    const { lastS } = figuresOf(small, paced);
    const ideal = idealS(small);
    assert.equal(ideal, 50);
    // The quota of the first second is there at once.
    assert.ok(lastS > ideal - 1.5 && lastS < 1.6 * ideal, String(lastS));
  });

  it('asks a third of what it would ask with three attempts and the back-off of kubelet, and is done no later', async () => {
    const { callsForEach, failedFirst, peakPerSecond, lastS } = figuresOf(small, paced);
    const without = figuresOf(small, await rollOut(small, 'threeAttempts', seed));
    assert.ok(callsForEach < without.callsForEach / 3, `${callsForEach} and ${without.callsForEach}`);
    assert.ok(peakPerSecond < without.peakPerSecond, `${peakPerSecond} and ${without.peakPerSecond}`);
    assert.ok(lastS < without.lastS, `${lastS} and ${without.lastS}`);
    assert.equal(failedFirst, 0);
    assert.ok(without.failedFirst > 0.5);
  });

  it('does not storm, however few pods there are on each of many nodes', async () => {
    const fleet: Fleet = { ...small, nodes: 100, namespaces: [2] };
    const { lastS, callsForEach } = figuresOf(fleet, await rollOut(fleet, 'pace', seed));
    assert.ok(lastS < 1.6 * idealS(fleet), String(lastS));
    // Without pauses after throttling in a row it is 9.
    assert.ok(callsForEach < 7, String(callsForEach));
  });

  it('starts the pod of a small namespace before most of a large one on its node', async () => {
    const { pods } = await rollOut({ ...small, nodes: 7, namespaces: [29, 1] }, 'pace', seed);
    for (let node = 0; node < 7; node += 1) {
      const order = pods.filter((pod) => pod.node === node).map(({ namespace }) => namespace);
      assert.equal(order.length, 30);
      assert.ok(order.indexOf(1) < 15, `node ${node}: ${order.join(' ')}`);
    }
  });

  it('gives mounts of several calls all of their answers one by one, whatever their namespaces', async () => {
    const fleet: Fleet = { ...small, nodes: 20, namespaces: Array<number>(10).fill(1), callsPerPod: 5 };
    const { lastS, callsForEach } = figuresOf(fleet, await rollOut(fleet, 'pace', seed));
    assert.ok(lastS < 1.6 * idealS(fleet), String(lastS));
    assert.ok(callsForEach < 4, String(callsForEach));
  });

  it('does what the page says', async () => {
    const [recorded] = simulation.fleets;
    assert.ok(recorded);
    const { lastS, callsForEach } = figuresOf(recorded.fleet, await rollOut(recorded.fleet, 'pace', simulation.seed));
    // Another Node may count its last digits differently, and then everything goes another way.
    assert.ok(Math.abs(lastS / recorded.pace.lastS - 1) < 0.2, String(lastS));
    assert.ok(Math.abs(callsForEach / recorded.pace.callsForEach - 1) < 0.2, String(callsForEach));
  });
});
