/** How long credentials are kept, for whom, and how they are forgotten. */
import assert from 'node:assert/strict';
import { CredentialCache, usableUntil, type Earned } from '../../src/auth/credential-cache.js';
import type { AwsCredentials } from '../../src/mount/ports.js';
import { Secret } from '../../src/secret.js';

const never = new AbortController().signal;
const minute = 60_000;

const credentialsOf = (name: string): AwsCredentials => ({
  accessKeyId: `ASIA${name}`,
  secretAccessKey: new Secret(`secret of ${name}`),
  sessionToken: new Secret(`session of ${name}`),
});

/** A cache with a clock of its own, and a counter of what was earned. */
function world(limit?: number) {
  const clock = { now: 1_000_000 };
  const cache = new CredentialCache({ now: () => clock.now, ...(limit !== undefined && { limit }) });
  const earned: string[] = [];
  const obtain = (key: string, forMs = 10 * minute) =>
    cache.obtain(key, never, () => {
      earned.push(key);
      const until = new Date(clock.now + forMs);
      return Promise.resolve<Earned>({ credentials: credentialsOf(`${key}${earned.length}`), usableUntil: until });
    });
  return { clock, cache, earned, obtain };
}

describe('kept credentials', () => {
  it('are used again until their time is over', async () => {
    const { clock, earned, obtain } = world();
    const first = await obtain('a');
    clock.now += 10 * minute - 1;
    assert.equal(await obtain('a'), first);
    clock.now += 1;
    assert.notEqual(await obtain('a'), first);
    assert.deepEqual(earned, ['a', 'a']);
  });

  it('belong to one key', async () => {
    const { earned, obtain } = world();
    assert.notEqual(await obtain('a'), await obtain('b'));
    assert.deepEqual(earned, ['a', 'b']);
  });

  it('are not those whose end is unknown or over', async () => {
    const { cache, earned, obtain } = world();
    await obtain('over', 0);
    await obtain('over', 0);
    const earn = () => {
      earned.push('unknown');
      return Promise.resolve<Earned>({ credentials: credentialsOf('x'), usableUntil: undefined });
    };
    await cache.obtain('unknown', never, earn);
    await cache.obtain('unknown', never, earn);
    assert.deepEqual(earned, ['over', 'over', 'unknown', 'unknown']);
  });

  it('are earned once for callers that come together', async () => {
    const { earned, obtain } = world();
    const [one, two, three] = await Promise.all([obtain('a'), obtain('a'), obtain('a')]);
    assert.ok(one === two && two === three);
    assert.deepEqual(earned, ['a']);
  });

  it('push out the least recently used ones', async () => {
    const { earned, obtain } = world(2);
    await obtain('a');
    await obtain('b');
    await obtain('a');
    await obtain('c');
    await obtain('a');
    assert.deepEqual(earned, ['a', 'b', 'c']);
    await obtain('b');
    assert.deepEqual(earned, ['a', 'b', 'c', 'b']);
  });

  it('make room for others when they are over', async () => {
    const { clock, earned, obtain } = world(2);
    await obtain('short', minute);
    await obtain('long', 10 * minute);
    await obtain('short', minute);
    clock.now += 2 * minute;
    await obtain('new');
    await obtain('long');
    assert.deepEqual(earned, ['short', 'long', 'new']);
  });

  it('do not include failures', async () => {
    const { cache, obtain } = world();
    await assert.rejects(
      cache.obtain('a', never, () => Promise.reject(new Error('denied'))),
      /denied/,
    );
    assert.equal((await obtain('a')).accessKeyId, 'ASIAa1');
  });

  it('are forgotten when they are dropped, but newer ones stay', async () => {
    const { cache, earned, obtain } = world();
    const old = await obtain('a');
    cache.drop('b', old);
    assert.equal(await obtain('a'), old);
    cache.drop('a', old);
    const fresh = await obtain('a');
    assert.notEqual(fresh, old);
    cache.drop('a', old);
    assert.equal(await obtain('a'), fresh);
    assert.deepEqual(earned, ['a', 'a']);
  });

  it('still help the next mount when the one that earned them has left', async () => {
    const { cache, earned, obtain } = world();
    const leaver = new AbortController();
    const until = new Date(1_000_000 + minute);
    let finish = (_earned: Earned): void => undefined;
    const leaving = cache.obtain('a', leaver.signal, () => new Promise((resolve) => (finish = resolve)));
    const staying = obtain('a');
    leaver.abort(new Error('cancelled'));
    await assert.rejects(leaving, /cancelled/);
    finish({ credentials: credentialsOf('shared'), usableUntil: until });
    assert.equal((await staying).accessKeyId, 'ASIAshared');
    assert.equal((await obtain('a')).accessKeyId, 'ASIAshared');
    assert.deepEqual(earned, []);
  });
});

describe('the end of credentials', () => {
  const earnedAt = new Date('2030-01-01T00:00:00Z');
  const after = (minutes: number): Date => new Date(earnedAt.getTime() + minutes * minute);

  for (const [name, lifetime, expected] of [
    ['five minutes before AWS ends them', { aws: 60, token: 600 }, 55],
    ['a fifth before AWS ends short ones', { aws: 15, token: 600 }, 12],
    ['when their token ends', { aws: 60, token: 20 }, 20],
    ['after 15 minutes with Pod Identity', { aws: 360, token: 600, longest: 15 }, 15],
    ['when the token ends before these 15 minutes', { aws: 360, token: 9, longest: 15 }, 9],
  ] as const) {
    it(`is ${name}`, () => {
      const until = usableUntil({
        awsExpiresAt: after(lifetime.aws),
        tokenExpiresAt: after(lifetime.token),
        ...('longest' in lifetime && { longestMs: lifetime.longest * minute }),
        earnedAt,
      });
      assert.deepEqual(until, after(expected));
    });
  }

  it('is unknown when AWS or the token do not tell theirs', () => {
    assert.equal(usableUntil({ awsExpiresAt: undefined, tokenExpiresAt: after(1), earnedAt }), undefined);
    assert.equal(usableUntil({ awsExpiresAt: after(1), tokenExpiresAt: undefined, earnedAt }), undefined);
  });
});
