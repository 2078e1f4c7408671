/** While AWS throttles, calls go out one at a time, namespaces in turn, and whoever leaves costs nobody a turn. */
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { pacedAfterThrottlingMs, paceSilenceMs, rememberedPaces, turnsInARow } from '../src/budgets.js';
import type { Job } from '../src/fair-queue.js';
import { silentLogger } from '../src/log.js';
import { Pace, Paces } from '../src/pace.js';
import { keptLog } from './server/serving.js';

const never = new AbortController().signal;
setMaxListeners(0, never);
const throttling = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
const api = { action: 'ssm:GetParameters', account: '111122223333', region: 'us-west-2' };
const unheard = (): (() => void) => () => undefined;

/** A pace in which AWS took some 100 calls a second before it throttled. */
async function slowPace(log = silentLogger): Promise<Pace> {
  const pace = new Pace(api, log);
  const until = performance.now() + 1100;
  while (performance.now() < until) {
    for (let call = 0; call < 10; call += 1) pace.answered();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  pace.throttled(throttling, performance.now());
  return pace;
}

describe('the pace of an API', () => {
  it('holds nothing up until AWS throttles', async () => {
    const pace = new Pace(api, silentLogger);
    let waits = 0;
    await Promise.all(
      Array.from({ length: 1000 }, () =>
        pace.take('ns', never, () => {
          waits += 1;
          return () => undefined;
        }),
      ),
    );
    assert.equal(waits, 0);
  });

  it('slows down after throttling, tells who waits, and gets faster while AWS answers', async () => {
    const kept = keptLog();
    const pace = await slowPace(kept.log);
    let goingOn = 0;
    let most = 0;
    const waiting = () => {
      goingOn += 1;
      most = Math.max(most, goingOn);
      return () => {
        goingOn -= 1;
      };
    };
    const started = performance.now();
    const times: number[] = [];
    const calls = Array.from({ length: 40 }, async () => {
      await pace.take('ns', never, waiting);
      times.push(performance.now() - started);
      pace.answered();
    });
    await Promise.all(calls);
    assert.equal(most, 40);
    assert.equal(goingOn, 0);
    const [last = 0] = times.slice(-1);
    // Some 70 a second are left: that many at once would be a storm, and one each five seconds a standstill.
    assert.ok(last > 100 && last < 5000, String(last));
    assert.deepEqual(
      kept.lines().map(({ message, action, account, region }) => [message, action, account, region]),
      [['AWS throttles an account: mounts wait for their turn', api.action, api.account, api.region]],
    );
  });

  it('serves namespaces in turn', async () => {
    const pace = await slowPace();
    const order: string[] = [];
    const ask = async (owner: string) => {
      await pace.take(owner, never, unheard);
      order.push(owner);
    };
    await Promise.all([...Array.from({ length: 8 }, () => ask('many')), ask('one')]);
    assert.ok(order.indexOf('one') <= 1, order.join(' '));
  });

  it('lets a mount that has begun go on before another begins, with what was throttled again too', async () => {
    const pace = await slowPace();
    const order: string[] = [];
    const mounts = { a: {}, b: {}, c: {} };
    const ask = async (mount: keyof typeof mounts, again = false) => {
      await pace.take(mount === 'a' ? 'ns' : 'other', never, unheard, mounts[mount]);
      order.push(mount);
      if (again) await ask(mount);
    };
    await Promise.all([ask('a'), ask('b'), ask('c'), ask('a', true), ask('b', true), ask('a')]);
    assert.equal(order.join(' '), 'a a a a b b b c');
  });

  it('lets a mount of many calls hold up another namespace for some turns only', async () => {
    const pace = await slowPace();
    const order: string[] = [];
    const large = {};
    const ask = async (owner: string, mount: Job) => {
      await pace.take(owner, never, unheard, mount);
      order.push(owner);
    };
    await Promise.all([...Array.from({ length: turnsInARow + 10 }, () => ask('large', large)), ask('small', {})]);
    assert.equal(order.indexOf('small'), turnsInARow);
    assert.equal(order.length, turnsInARow + 11);
  });

  it('lets a mount go first that others wait for', async () => {
    const pace = await slowPace();
    const order: string[] = [];
    const ask = async (name: string, mount: Job) => {
      await pace.take('ns', never, unheard, mount);
      order.push(name);
    };
    const begun = {};
    const urgent = { isUrgent: true };
    await Promise.all([ask('begun', begun), ask('begun', begun), ask('urgent', urgent), ask('urgent', urgent)]);
    assert.equal(order.slice(0, 3).filter((name) => name === 'urgent').length, 2, order.join(' '));
    assert.equal(order.at(-1), 'begun');
  });

  it('gives the turn of one who leaves to the next', async () => {
    const pace = await slowPace();
    const leavers = Array.from({ length: 200 }, () => new AbortController());
    const leaving = leavers.map((leaver) => assert.rejects(pace.take('ns', leaver.signal, unheard), /gone/));
    const started = performance.now();
    const staying = pace.take('ns', never, unheard);
    for (const leaver of leavers) leaver.abort(new Error('gone'));
    await Promise.all([...leaving, staying]);
    // 200 turns would take seconds.
    assert.ok(performance.now() - started < 1000, String(performance.now() - started));
  });

  it('does not stand still after the first throttling of its first second, which begins with the first answer', async () => {
    const pace = new Pace(api, silentLogger);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    pace.throttled(throttling, performance.now());
    const started = performance.now();
    await pace.take('ns', never, unheard);
    assert.ok(performance.now() - started < 500);
  });

  it('slows down once for all that was throttled together', async () => {
    const pace = await slowPace();
    for (let call = 0; call < 30; call += 1) pace.throttled(throttling, 0);
    const started = performance.now();
    await Promise.all(Array.from({ length: 30 }, () => pace.take('ns', never, unheard)));
    // Some 70 a second are left; 0.7 to the 30th of that is nothing.
    assert.ok(performance.now() - started < 2000, String(performance.now() - started));
  });

  it('slows down at the first sign, also when that is of a call which went out before', async () => {
    const pace = new Pace(api, silentLogger);
    for (let call = 0; call < 9; call += 1) {
      pace.answered();
      pace.throttled(throttling, performance.now());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    pace.answered();
    pace.throttled(throttling, 0);
    const started = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => pace.take('ns', never, unheard)));
    assert.ok(performance.now() - started > 400, String(performance.now() - started));
  });

  it('begins with what got through, however much was asked', async () => {
    const pace = new Pace(api, silentLogger);
    const until = performance.now() + 900;
    while (performance.now() < until) {
      pace.answered();
      for (let call = 0; call < 50; call += 1) pace.throttled(throttling, performance.now());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    pace.answered();
    pace.throttled(throttling, performance.now());
    const started = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => pace.take('ns', never, unheard)));
    // Ten a second got through, seven are left.
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 400 && tookMs < 5000, String(tookMs));
  });

  it('has a first second again after a silence: what went on before says nothing of now', async () => {
    const pace = new Pace(api, silentLogger);
    const real = performance.now.bind(performance);
    const { now } = Date;
    try {
      pace.answered();
      // The limiter looks at one clock, the pace at the other.
      performance.now = () => real() + paceSilenceMs + 1;
      Date.now = () => now() + paceSilenceMs + 1;
      for (let call = 0; call < 100; call += 1) pace.answered();
      pace.throttled(throttling, performance.now());
      const started = performance.now();
      await Promise.all(Array.from({ length: 20 }, () => pace.take('ns', never, unheard)));
      assert.ok(performance.now() - started < 500, String(performance.now() - started));
    } finally {
      performance.now = real;
      Date.now = now;
    }
  });

  it('pauses at random after answers that were throttled in a row, and counts none of calls that went out before', async () => {
    const random = Math.random;
    Math.random = () => 0.9;
    try {
      const pace = await slowPace();
      const take = async () => {
        const started = performance.now();
        await pace.take('ns', never, unheard);
        return performance.now() - started;
      };
      for (let call = 0; call < 2; call += 1) pace.throttled(throttling, 0);
      const afterOne = await take();
      assert.ok(afterOne < 1500, String(afterOne));
      pace.throttled(throttling, performance.now());
      const afterTwo = await take();
      assert.ok(afterTwo >= 1790, String(afterTwo));
    } finally {
      Math.random = random;
    }
  });

  it('is forgotten a minute after the last throttling', async () => {
    const pace = await slowPace();
    const real = performance.now.bind(performance);
    let waits = 0;
    try {
      performance.now = () => real() + pacedAfterThrottlingMs + 1;
      const takes = Array.from({ length: 500 }, () =>
        pace.take('ns', never, () => {
          waits += 1;
          return () => undefined;
        }),
      );
      await Promise.all(takes);
    } finally {
      performance.now = real;
    }
    assert.equal(waits, 0);
  });

  it('is one for each API, account and region', () => {
    const paces = new Paces(silentLogger);
    const pace = paces.of(api);
    assert.equal(paces.of({ ...api }), pace);
    for (const other of [
      { action: 'sts:AssumeRoleWithWebIdentity' },
      { account: '444455556666' },
      { region: 'eu-west-1' },
    ]) {
      assert.notEqual(paces.of({ ...api, ...other }), pace);
    }
  });

  it('is forgotten when too many others were used since', () => {
    const paces = new Paces(silentLogger);
    const [used, unused] = [paces.of({ ...api, region: 'used' }), paces.of({ ...api, region: 'unused' })];
    for (let other = 0; other < rememberedPaces - 1; other += 1) {
      paces.of({ ...api, region: 'used' });
      paces.of({ ...api, region: `other-${other}` });
    }
    assert.equal(paces.of({ ...api, region: 'used' }), used);
    assert.notEqual(paces.of({ ...api, region: 'unused' }), unused);
  });
});
