/** Look-ups of the system: two at once, the others in order, and none lost when somebody leaves. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SystemNames } from '../../src/network/system-names.js';

const never = new AbortController().signal;
const addresses: readonly LookupAddress[] = [{ address: '10.0.0.1', family: 4 }];

describe('SystemNames', () => {
  const setUp = () => {
    const begun: string[] = [];
    const ends = new Map<string, (error?: Error) => void>();
    const names = new SystemNames((host) => {
      begun.push(host);
      return new Promise((resolve, reject) => {
        ends.set(host, (error) => {
          if (error) reject(error);
          else resolve(addresses);
        });
      });
    });
    const end = async (host: string, error?: Error) => {
      ends.get(host)?.(error);
      await nextTurn();
    };
    return { begun, names, end };
  };

  it('gives the thread of one that failed to the next in order, and its answer to all who asked meanwhile', async () => {
    const { begun, names, end } = setUp();
    const [a] = [names.find('a', never), names.find('b', never)];
    await nextTurn();
    const again = names.find('a', never);
    const waiting = ['c', 'd'].map((host) => names.find(host, never));
    const failed = [a, again].map((answer) => assert.rejects(answer, /no such name/));
    await end('a', new Error('no such name'));
    await Promise.all(failed);
    assert.deepEqual(begun, ['a', 'b', 'c']);
    await end('b');
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
    await end('c');
    await end('d');
    assert.deepEqual(await Promise.all(waiting), [addresses, addresses]);
  });

  it('loses no thread to one who leaves while he waits, or in the moment in which his turn comes', async () => {
    const { begun, names, end } = setUp();
    for (const host of ['a', 'b']) void names.find(host, never);
    const [early, late] = [new AbortController(), new AbortController()];
    const leaving = [names.find('early', early.signal), names.find('late', late.signal)];
    const left = leaving.map((answer) => assert.rejects(answer, /gone/));
    for (const host of ['c', 'd']) void names.find(host, never);
    early.abort(new Error('gone'));
    await left[0];
    late.abort(new Error('gone'));
    await Promise.all([end('a'), left[1]]);
    assert.deepEqual(begun, ['a', 'b', 'c']);
    await end('b');
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  });
});
