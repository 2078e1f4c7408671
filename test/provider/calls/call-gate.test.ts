import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountBytes } from '../../../src/budgets.js';
import { AnswerBytes, CallGate, type CallPlace, type GatePass } from '../../../src/provider/calls/call-gate.js';
import { ok, startAwsEndpoint } from '../../support/aws-endpoint.js';
import { Party } from '../../../src/provider/calls/party.js';
import { testContext } from '../../support/contexts.js';
import { fakeIdentity, items, secret, sourceAt } from '../../support/provider-fakes.js';

const never = new AbortController().signal;
const unheard = (): (() => void) => () => undefined;

describe('CallGate', () => {
  const setUp = (calls: number, { bytes = 1000, ownCalls = 0 } = {}) => {
    const gate = new CallGate({ calls, bytes, ownCalls });
    const underWay: string[] = [];
    const ends = new Map<string, () => void>();
    const places = new Map<string, CallPlace>();
    const call = (
      pass: GatePass,
      name: string,
      signal = never,
      region = 'here',
      isThrottled: boolean | (() => boolean) = false,
    ) => {
      const throttled = typeof isThrottled === 'boolean' ? () => isThrottled : isThrottled;
      const of = { owner: pass.owner, region, party: new Party(pass), isThrottled: throttled };
      return gate.run(of, signal, (place) => {
        underWay.push(name);
        places.set(name, place);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      });
    };
    const throttle = (name: string) => places.get(name)?.moveToThrottled();
    const end = async (name: string) => {
      ends.get(name)?.();
      await sleep(1);
    };
    const arrive = (pass: GatePass, size: number) => {
      const answer = new AnswerBytes(gate);
      answer.add(size);
      pass.hold(answer);
      return answer;
    };
    return { gate, underWay, call, end, arrive, throttle };
  };

  it('lets only so many calls out, and of one namespace half of them', async () => {
    const { gate, underWay, call, end } = setUp(4);
    const [a, b, c] = [gate.enter('a', unheard), gate.enter('b', unheard), gate.enter('c', unheard)];
    for (const name of ['a1', 'a2', 'a3']) void call(a, name);
    for (const name of ['b1', 'b2']) void call(b, name);
    void call(c, 'c1');
    await sleep(1);
    assert.deepEqual(underWay, ['a1', 'a2', 'b1', 'b2']);
    await end('b1');
    assert.deepEqual(underWay.slice(4), ['c1']);
    await end('a1');
    assert.deepEqual(underWay.slice(5), ['a3']);
  });

  it('lets each namespace have some calls under way in each region though others have taken all', async () => {
    const { gate, underWay, call, end } = setUp(4, { ownCalls: 1 });
    const [a, b, c] = [gate.enter('a', unheard), gate.enter('b', unheard), gate.enter('c', unheard)];
    for (const name of ['a1', 'a2', 'a3']) void call(a, name);
    for (const name of ['b1', 'b2']) void call(b, name);
    for (const name of ['c1', 'c2']) void call(c, name);
    void call(c, 'c3', never, 'there');
    void call(b, 'b3', never, 'there');
    await sleep(1);
    // Half of all is the most that one has, wherever.
    assert.deepEqual(underWay, ['a1', 'a2', 'b1', 'b2', 'c1', 'c3']);
    await end('c1');
    assert.deepEqual(underWay.slice(6), ['c2']);
    for (const name of ['c2', 'c3', 'a1', 'b1']) await end(name);
    assert.deepEqual(underWay.slice(7), ['a3', 'b3']);
  });

  it('lets none go out beyond that when the bytes are used up', async () => {
    const { gate, underWay, call, arrive } = setUp(1, { bytes: 100, ownCalls: 1 });
    const [a, b] = [gate.enter('a', unheard), gate.enter('b', unheard)];
    arrive(a, 100);
    void call(b, 'b1');
    await sleep(1);
    assert.deepEqual(underWay, []);
  });

  it('tells the mounts that wait for a call, and only those', async () => {
    const { gate, call, end } = setUp(1);
    const contexts = { a: testContext(), b: testContext() };
    const [a, b] = [
      gate.enter('a', (kind) => contexts.a.startWait(kind)),
      gate.enter('b', (kind) => contexts.b.startWait(kind)),
    ];
    void call(a, 'a1');
    void call(b, 'b1');
    await sleep(1);
    assert.deepEqual([contexts.a.waits.turn.begun, contexts.b.waits.turn], [0, { begun: 1, goingOn: 1 }]);
    await end('a1');
    assert.deepEqual(contexts.b.waits.turn, { begun: 1, goingOn: 0 });
  });

  describe('has places apart for calls that AWS throttles', () => {
    it('so that a call which is throttled gives its place to others', async () => {
      const { gate, underWay, call, end, throttle } = setUp(1);
      const [a, b] = [gate.enter('a', unheard), gate.enter('b', unheard)];
      void call(a, 'a1');
      void call(b, 'b1');
      await sleep(1);
      assert.deepEqual(underWay, ['a1']);
      throttle('a1');
      await sleep(1);
      assert.deepEqual(underWay, ['a1', 'b1']);
      // Each gives back the place that it has, however often it says that it is throttled.
      throttle('a1');
      await end('a1');
      void call(a, 'a2');
      void call(b, 'throttled1', never, 'here', true);
      void call(a, 'throttled2', never, 'here', true);
      await sleep(1);
      assert.deepEqual(underWay.slice(2), ['throttled1']);
      await end('b1');
      await end('throttled1');
      assert.deepEqual(underWay.slice(3), ['a2', 'throttled2']);
    });

    it('as many, half of them for a namespace, and some of its own', async () => {
      const { gate, underWay, call, end } = setUp(4, { ownCalls: 1 });
      const [a, b, c] = [gate.enter('a', unheard), gate.enter('b', unheard), gate.enter('c', unheard)];
      for (const name of ['a1', 'a2', 'a3']) void call(a, name, never, 'here', true);
      for (const name of ['b1', 'b2']) void call(b, name, never, 'here', true);
      for (const name of ['c1', 'c2']) void call(c, name, never, 'here', true);
      for (const name of ['a4', 'a5', 'a6']) void call(a, name);
      await sleep(1);
      assert.deepEqual(underWay, ['a1', 'a2', 'b1', 'b2', 'c1', 'a4', 'a5']);
      await end('a1');
      assert.deepEqual(underWay.slice(7), []);
      await end('b1');
      assert.deepEqual(underWay.slice(7), ['a3']);
    });

    it('which none need to wait for that were let out already, also when the bytes are used up', async () => {
      const { gate, underWay, call, arrive, end, throttle } = setUp(2);
      const [a, b] = [gate.enter('a', unheard), gate.enter('b', unheard)];
      void call(a, 'throttled', never, 'here', true);
      void call(a, 'a1');
      await sleep(1);
      arrive(b, 1000);
      throttle('a1');
      void call(a, 'a2');
      await sleep(1);
      assert.deepEqual(underWay, ['throttled', 'a1']);
      b.end();
      await sleep(1);
      assert.deepEqual(underWay, ['throttled', 'a1', 'a2']);
      await end('a1');
    });

    it('of which all APIs together take no more than four times as many', async () => {
      const { gate, underWay, call, end, throttle } = setUp(2);
      const pass = gate.enter('a', unheard);
      const names = Array.from({ length: 9 }, (_, index) => String(index));
      for (const name of names) {
        void call(pass, name);
        await sleep(1);
        throttle(name);
      }
      void call(pass, 'next');
      await sleep(1);
      assert.deepEqual(underWay, names);
      await end('8');
      assert.deepEqual(underWay.slice(9), ['next']);
    });

    it('as long as its API is throttled, for a call that waits', async () => {
      const { gate, underWay, call, end } = setUp(2);
      const a = gate.enter('a', unheard);
      let isThrottled = true;
      void call(a, 'first', never, 'here', true);
      void call(a, 'second', never, 'here', () => isThrottled);
      await sleep(1);
      assert.deepEqual(underWay, ['first']);
      isThrottled = false;
      void call(a, 'third', never, 'here', true);
      await sleep(1);
      assert.deepEqual(underWay, ['first', 'second']);
      await end('second');
      assert.deepEqual(underWay, ['first', 'second']);
      await end('first');
      assert.deepEqual(underWay, ['first', 'second', 'third']);
    });
  });

  it('lets only the mount that holds bytes for longest go on when there are too many', async () => {
    const { gate, underWay, call, arrive } = setUp(10);
    const [late, first, second] = [gate.enter('c', unheard), gate.enter('a', unheard), gate.enter('b', unheard)];
    arrive(first, 600);
    const held = arrive(second, 600);
    void call(late, 'late');
    void call(second, 'second');
    void call(first, 'first');
    await sleep(1);
    assert.deepEqual(underWay, ['first']);
    assert.equal(gate.bytes, 1200);
    second.end();
    assert.equal(held.size, 0);
    await sleep(1);
    assert.equal(gate.bytes, 600);
    assert.deepEqual(underWay, ['first', 'late', 'second']);
  });

  it('lets a call go on for the oldest mount that joins it, whoever started it', async () => {
    const { gate, underWay, arrive } = setUp(10);
    const [oldest, young] = [gate.enter('a', unheard), gate.enter('a', unheard)];
    arrive(oldest, 1000);
    const party = new Party(young);
    const shared = gate.run({ owner: 'a', region: 'here', party, isThrottled: () => false }, never, () =>
      Promise.resolve(underWay.push('shared')),
    );
    await sleep(1);
    assert.deepEqual(underWay, []);
    party.join(oldest);
    gate.lookAgain();
    await shared;
    assert.deepEqual(underWay, ['shared']);
  });

  it('counts the bytes of a shared answer until the last mount that took it has ended', () => {
    const { gate, arrive } = setUp(10);
    const [one, two] = [gate.enter('a', unheard), gate.enter('a', unheard)];
    const answer = arrive(one, 100);
    two.hold(answer);
    one.end();
    assert.equal(gate.bytes, 100);
    two.end();
    assert.equal(gate.bytes, 0);
  });

  it('counts the bytes of an answer once for a mount that takes it twice', () => {
    const { gate, arrive } = setUp(10);
    const pass = gate.enter('a', unheard);
    pass.hold(arrive(pass, 100));
    pass.end();
    assert.equal(gate.bytes, 0);
  });

  it('lets a mount go on that becomes the oldest with something in hand while its call waits', async () => {
    const { gate, underWay, call, arrive } = setUp(10);
    const [oldest, young] = [gate.enter('a', unheard), gate.enter('b', unheard)];
    const answer = arrive(young, 1000);
    void call(oldest, 'oldest');
    await sleep(1);
    assert.deepEqual(underWay, []);
    oldest.hold(answer);
    await sleep(1);
    assert.deepEqual(underWay, ['oldest']);
  });

  it('does not count what nobody waits for any more', () => {
    const gate = new CallGate({ calls: 1, bytes: 10 });
    const answer = new AnswerBytes(gate);
    answer.add(5);
    answer.dropUnheld();
    assert.equal(gate.bytes, 0);
  });

  it('lets a mount that is stopped leave the queue, and gives its place on', async () => {
    const { gate, underWay, call, end } = setUp(1);
    const [a, b, c] = [gate.enter('a', unheard), gate.enter('b', unheard), gate.enter('c', unheard)];
    void call(a, 'a');
    const leaver = new AbortController();
    const left = call(b, 'b', leaver.signal);
    void call(c, 'c');
    leaver.abort(new Error('stopped'));
    await assert.rejects(left, /stopped/);
    await end('a');
    assert.deepEqual(underWay, ['a', 'c']);
  });

  it('gives on the place of a mount that is stopped in the moment in which it comes', async () => {
    const { gate, underWay, call, end } = setUp(1);
    const [a, b, c] = [gate.enter('a', unheard), gate.enter('b', unheard), gate.enter('c', unheard)];
    void call(a, 'a');
    const leaver = new AbortController();
    const left = call(b, 'b', leaver.signal);
    void call(c, 'c');
    await sleep(1);
    leaver.abort(new Error('stopped'));
    await Promise.all([assert.rejects(left, /stopped/), end('a')]);
    assert.deepEqual(underWay, ['a', 'c']);
  });

  it('calls the mount urgent that holds bytes for longest, when there are too many', () => {
    const { gate, arrive } = setUp(10);
    const [first, second] = [gate.enter('a', unheard), gate.enter('b', unheard)];
    const urgent = () => [first.isUrgent, second.isUrgent];
    arrive(second, 600);
    assert.deepEqual(urgent(), [false, false]);
    arrive(second, 600);
    assert.deepEqual(urgent(), [false, true]);
    arrive(first, 1);
    assert.deepEqual(urgent(), [true, false]);
    first.end();
    assert.deepEqual(urgent(), [false, true]);
  });

  it('counts no bytes for a mount that has ended', () => {
    const { gate } = setUp(10);
    const pass = gate.enter('a', unheard);
    pass.end();
    const answer = new AnswerBytes(gate);
    answer.add(100);
    pass.hold(answer);
    answer.dropUnheld();
    assert.equal(gate.bytes, 0);
  });

  it('refuses a mount whose answers are too large in all', () => {
    const { gate, arrive } = setUp(1, { bytes: Infinity });
    const pass = gate.enter('a', unheard);
    arrive(pass, mountBytes);
    assert.throws(() => arrive(pass, 1), { code: 'volume_too_large' });
    pass.end();
    assert.equal(gate.bytes, 0);
  });
});

describe('a mount whose answers are too large in all', () => {
  it('fails with the size and what to do, and leaves the room to others', async () => {
    const endpoint = await startAwsEndpoint((request) =>
      ok({ VersionId: 'v1', SecretString: 'x'.repeat(request.input['SecretId'] === 'small' ? 1 : 1_000_000) }),
    );
    try {
      const source = sourceAt(endpoint);
      const list = items(...Array.from({ length: 18 }, (_, index) => secret(`s${index}`)));
      await assert.rejects(source.fetch(list, fakeIdentity(), testContext()), {
        code: 'volume_too_large',
        message: /more than 16777216 bytes in all: spread them over several SecretProviderClasses/,
      });
      const [small] = await source.fetch(items(secret('small')), fakeIdentity(), testContext());
      assert.equal(small?.value.revealText(), 'x');
    } finally {
      await endpoint.stop();
    }
  });
});
