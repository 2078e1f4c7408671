import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountBytes } from '../../../src/budgets.js';
import { AnswerBytes, CallGate } from '../../../src/provider/calls/call-gate.js';
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
    const call = (pass: ReturnType<CallGate['enter']>, name: string, signal = never, region = 'here') =>
      gate.run({ owner: pass.owner, region, party: new Party(pass) }, signal, () => {
        underWay.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      });
    const end = async (name: string) => {
      ends.get(name)?.();
      await sleep(1);
    };
    const arrive = (pass: ReturnType<CallGate['enter']>, size: number) => {
      const answer = new AnswerBytes(gate);
      answer.add(size);
      pass.hold(answer);
      return answer;
    };
    return { gate, underWay, call, end, arrive };
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

  it('gives the place of a call that steps aside to others, and takes one again after it', async () => {
    const { gate, underWay, call, end } = setUp(1);
    const waits = testContext();
    const [a, b] = [gate.enter('a', (kind) => waits.startWait(kind)), gate.enter('b', unheard)];
    let goOn = (): void => undefined;
    const stepped = gate.run({ owner: 'a', region: 'here', party: new Party(a) }, never, async (stepAside) => {
      underWay.push('a');
      await stepAside(
        () =>
          new Promise((resolve) => {
            goOn = resolve;
          }),
      );
      underWay.push('a again');
    });
    void call(b, 'b');
    await sleep(1);
    assert.deepEqual(underWay, ['a', 'b']);
    goOn();
    await sleep(1);
    assert.deepEqual(underWay, ['a', 'b']);
    assert.deepEqual(waits.waits.turn, { begun: 1, goingOn: 1 });
    await end('b');
    await stepped;
    assert.deepEqual(underWay, ['a', 'b', 'a again']);
    assert.equal(waits.waits.turn.goingOn, 0);
    // Each gave back what it took.
    void call(a, 'c');
    void call(b, 'd');
    await sleep(1);
    assert.deepEqual(underWay.slice(3), ['c']);
  });

  it('gives no place back twice for a call that fails while it steps aside, or while it waits to come back', async () => {
    const { gate, underWay, call } = setUp(1);
    const [a, b] = [gate.enter('a', unheard), gate.enter('b', unheard)];
    const place = { owner: 'a', region: 'here', party: new Party(a) };
    const failing = gate.run(place, never, (stepAside) => stepAside(() => Promise.reject(new Error('throttled'))));
    await assert.rejects(failing, /throttled/);
    const stopped = new AbortController();
    const left = gate.run(place, stopped.signal, (stepAside) => stepAside(() => sleep(2)));
    void call(b, 'b');
    await sleep(10);
    stopped.abort(new Error('stopped'));
    await assert.rejects(left, /stopped/);
    void call(b, 'c');
    await sleep(1);
    assert.deepEqual(underWay, ['b']);
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
    const shared = gate.run({ owner: 'a', region: 'here', party }, never, () =>
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
