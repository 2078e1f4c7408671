/** Names that do not resolve hold up nothing else. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import { namesKnown, nameStaleMs } from '../../src/budgets.js';
import { createDirectNames } from '../../src/network/direct-names.js';
import { createNameLookup } from '../../src/network/name-lookup.js';
import type { ResolveHost } from '../../src/network/system-names.js';
import { startNameServer } from '../support/name-server.js';

const v4 = { address: '10.0.0.1', family: 4 };
const v6 = { address: 'fd00::1', family: 6 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A name server that answers when told to. */
function nameServer() {
  const asked: string[] = [];
  const open = new Map<string, (addresses: readonly LookupAddress[] | Error) => void>();
  const resolve: ResolveHost = (host) =>
    new Promise((answer, fail) => {
      asked.push(host);
      open.set(host, (outcome) => {
        if (outcome instanceof Error) fail(outcome);
        else answer(outcome);
      });
    });
  const answer = async (host: string, outcome: readonly LookupAddress[] | Error = [v4]) => {
    await turn();
    open.get(host)?.(outcome);
    await turn();
  };
  return { asked, resolve, answer };
}

function find(lookup: ReturnType<typeof createNameLookup>, host: string, options = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    lookup(host, options, (error, address) => {
      if (error) reject(error);
      else resolve(address);
    });
  });
}

describe('createNameLookup', () => {
  it('returns one address, or all, of the wanted family', async () => {
    const lookup = createNameLookup({ resolve: () => Promise.resolve([v4, v6]) });
    assert.equal(await find(lookup, 'a'), v4.address);
    assert.equal(await find(lookup, 'a', { family: 6 }), v6.address);
    assert.deepEqual(await find(lookup, 'a', { all: true }), [v4, v6]);
    assert.deepEqual(await find(lookup, 'a', { all: true, family: 'IPv4' }), [v4]);
  });

  it('rejects as the resolver does, and for a family without address', async () => {
    const failure = Object.assign(new Error('getaddrinfo ENOTFOUND a'), { code: 'ENOTFOUND' });
    await assert.rejects(find(createNameLookup({ resolve: () => Promise.reject(failure) }), 'a'), failure);
    const lookup = createNameLookup({ resolve: () => Promise.resolve([v4]) });
    await assert.rejects(find(lookup, 'a', { family: 6 }), { code: 'ENOTFOUND', message: 'no address for a' });
  });

  it('asks once for all who wait, and not again while the answer is fresh', async () => {
    let now = 0;
    const server = nameServer();
    const lookup = createNameLookup({ resolve: server.resolve, now: () => now });
    const waiting = [find(lookup, 'a'), find(lookup, 'a')];
    await server.answer('a');
    assert.deepEqual(await Promise.all(waiting), [v4.address, v4.address]);
    now = 29_000;
    await find(lookup, 'a');
    assert.deepEqual(server.asked, ['a']);
    now = 31_000;
    const again = find(lookup, 'a');
    await turn();
    await server.answer('a', [{ address: '10.0.0.2', family: 4 }]);
    assert.equal(await again, '10.0.0.2');
  });

  it('forgets a failure at once', async () => {
    const server = nameServer();
    const lookup = createNameLookup({ resolve: server.resolve });
    const failed = assert.rejects(find(lookup, 'a'), { message: 'down' });
    await server.answer('a', new Error('down'));
    await failed;
    const again = find(lookup, 'a');
    await server.answer('a');
    assert.equal(await again, v4.address);
  });

  it('uses the last addresses of a host when the name server fails', async () => {
    let now = 0;
    const server = nameServer();
    const lookup = createNameLookup({ resolve: server.resolve, now: () => now });
    const first = find(lookup, 'a');
    await server.answer('a');
    await first;
    now = 60_000;
    const failing = find(lookup, 'a');
    await turn();
    await server.answer('a', new Error('down'));
    assert.equal(await failing, v4.address);
    assert.equal(await find(lookup, 'a'), v4.address);
  });

  it('uses no address that is older than an hour', async () => {
    let now = 0;
    let isDown = false;
    const resolve = () => (isDown ? Promise.reject(new Error('no name server')) : Promise.resolve([v4]));
    const lookup = createNameLookup({ resolve, now: () => now });
    await find(lookup, 'a');
    isDown = true;
    now = nameStaleMs;
    assert.equal(await find(lookup, 'a'), v4.address);
    now += 1;
    await assert.rejects(find(lookup, 'a'), /no name server/);
  });

  it('remembers the hosts that came last', async () => {
    const asked: string[] = [];
    const lookup = createNameLookup({
      resolve: (host) => {
        asked.push(host);
        return Promise.resolve([v4]);
      },
    });
    for (let host = 0; host <= namesKnown; host += 1) await find(lookup, String(host));
    asked.length = 0;
    for (const host of [String(namesKnown), '1', '0']) await find(lookup, host);
    assert.deepEqual(asked, ['0']);
  });

  it('waits 200 ms for a name server that is silent about a known host, and not again while it waits', async () => {
    let ahead = 0;
    const server = nameServer();
    const lookup = createNameLookup({ resolve: server.resolve, now: () => performance.now() + ahead });
    const first = find(lookup, 'a');
    await server.answer('a');
    await first;
    ahead = 60_000;
    const started = performance.now();
    assert.equal(await find(lookup, 'a'), v4.address);
    const patientMs = performance.now() - started;
    assert.ok(patientMs > 190 && patientMs < 2000, `${patientMs} ms`);
    assert.equal(await find(lookup, 'a'), v4.address);
    const againMs = performance.now() - started - patientMs;
    assert.ok(againMs < 150, `${againMs} ms`);
    assert.deepEqual(server.asked, ['a', 'a']);
    ahead += 3_600_000;
    const late = find(lookup, 'a');
    await server.answer('a', [v6]);
    assert.equal(await late, v6.address, 'after an hour only a new answer counts');
  });

  it('has two look-ups of the system under way, the others in order', async () => {
    const server = nameServer();
    const lookup = createNameLookup({ resolve: server.resolve });
    const all = ['x', 'y', 'z', 'x'].map((host) => find(lookup, host));
    await turn();
    assert.deepEqual(server.asked, ['x', 'y']);
    await server.answer('x');
    assert.deepEqual(server.asked, ['x', 'y', 'z']);
    await server.answer('y');
    await server.answer('z');
    await Promise.all(all);
  });

  describe('when the system is held up', () => {
    const silent: ResolveHost = () => new Promise(() => undefined);

    it('asks the name servers directly after 100 ms: names nobody answers for hold up no other', async () => {
      const hosts = Array.from({ length: 20 }, (_, index) => `hole${index}.example.com`);
      const server = await startNameServer({
        answer: (name) => (name.startsWith('hole') ? 'silent' : ['10.0.0.7']),
      });
      try {
        const lookup = createNameLookup({
          resolve: silent,
          direct: createDirectNames({ servers: [server.authority] }),
        });
        for (const host of hosts) find(lookup, host).catch(() => undefined);
        await sleep(300);
        const started = performance.now();
        assert.equal(await find(lookup, 'sts.example.com'), '10.0.0.7');
        const tookMs = performance.now() - started;
        assert.ok(tookMs > 90 && tookMs < 500, `${tookMs} ms`);
      } finally {
        await server.close();
      }
    });

    it('does not ask directly where the system answers in time', async () => {
      let direct = 0;
      const lookup = createNameLookup({
        resolve: () => sleep(20).then(() => [v4]),
        direct: () => {
          direct += 1;
          return Promise.resolve([v6]);
        },
      });
      assert.equal(await find(lookup, 'a'), v4.address);
      await sleep(150);
      assert.equal(direct, 0);
    });

    it('takes no word for a failure but that of the system', async () => {
      const server = nameServer();
      const lookup = createNameLookup({ resolve: server.resolve, direct: () => Promise.reject(new Error('no')) });
      const waiting = find(lookup, 'a');
      await sleep(150);
      await server.answer('a');
      assert.equal(await waiting, v4.address);
    });

    it('takes the word of the system in the end, which is the last one', async () => {
      const server = nameServer();
      const lookup = createNameLookup({ resolve: server.resolve, direct: () => Promise.resolve([v6]) });
      assert.equal(await find(lookup, 'a'), v6.address);
      assert.equal(await find(lookup, 'a'), v6.address);
      await server.answer('a');
      assert.equal(await find(lookup, 'a'), v4.address);
    });

    it('takes no direct answer any more once the system has said its word', async () => {
      const server = nameServer();
      const direct = nameServer();
      const lookup = createNameLookup({ resolve: server.resolve, direct: direct.resolve });
      const first = find(lookup, 'a');
      while (direct.asked.length === 0) await sleep(5);
      await server.answer('a');
      assert.equal(await first, v4.address);
      await direct.answer('a', [v6]);
      assert.equal(await find(lookup, 'a'), v4.address);
    });

    it('leaves the queue of the system with an answer of the name servers', async () => {
      const server = nameServer();
      const lookup = createNameLookup({ resolve: server.resolve, direct: (host) => direct(host) });
      const direct: ResolveHost = (host) => (host === 'c' ? Promise.resolve([v6]) : silent(host));
      const holes = ['a', 'b', 'd'].map((host) => find(lookup, host));
      assert.equal(await find(lookup, 'c'), v6.address);
      await server.answer('a');
      assert.deepEqual(server.asked, ['a', 'b', 'd']);
      await server.answer('b');
      await server.answer('d');
      await Promise.all(holes);
    });

    it('gives up a name after 10 s, and joins the look-up that is still under way when asked again', async function () {
      this.timeout(30_000);
      const server = nameServer();
      const lookup = createNameLookup({ resolve: server.resolve });
      await assert.rejects(find(lookup, 'a'), { code: 'ETIMEDOUT', message: 'no address for a' });
      const again = find(lookup, 'a');
      await turn();
      assert.deepEqual(server.asked, ['a']);
      await server.answer('a');
      assert.equal(await again, v4.address);
    });
  });
});
