/** Names that do not resolve hold up nothing else. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { createNameLookup, type ResolveHost } from '../src/name-lookup.js';

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

  it('uses the last addresses of a host when the name server fails or is silent', async () => {
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

  it('has two look-ups of unknown hosts under way at most, and one more for known ones', async () => {
    let now = 0;
    const server = nameServer();
    const lookup = createNameLookup({ resolve: server.resolve, now: () => now });
    const known = find(lookup, 'known');
    await server.answer('known');
    await known;
    now = 60_000;
    for (const host of ['x', 'y', 'z']) void find(lookup, host);
    const refreshed = find(lookup, 'known');
    await turn();
    assert.deepEqual(server.asked.slice(1), ['x', 'y', 'known']);
    await server.answer('known', [v6]);
    assert.equal(await refreshed, v6.address);
    await server.answer('x');
    assert.equal(server.asked.at(-1), 'z');
  });
});
