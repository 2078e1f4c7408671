/** What a volume is given from memory, for whom, and how long. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { ProviderError } from '../../../src/errors.js';
import type { FetchItem, ObjectQuery } from '../../../src/mount/types.js';
import { KeptValues } from '../../../src/provider/values/kept-values.js';
import { ValueCache } from '../../../src/provider/values/value-cache.js';
import { VolumeMemory } from '../../../src/provider/values/volume-memory.js';
import { Secret } from '../../../src/secret.js';
import { awsError, ok } from '../../support/aws-endpoint.js';
import { testContext } from '../../support/contexts.js';
import { a1, hour, KeptValuesScene, second } from '../../support/kept-values-scene.js';
import { credentials, fakeIdentity, items, parameter, secret } from '../../support/provider-fakes.js';

describe('values that are kept', () => {
  let scene: KeptValuesScene;
  beforeEach(async () => {
    scene = await KeptValuesScene.start();
  });
  afterEach(() => scene.stop());

  it('are never given to the first mount of a volume', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    assert.deepEqual(await mount('two'), [a1]);
    assert.deepEqual(calls(), ['GetSecretValue', 'GetSecretValue']);
  });

  it('are given without a call to a mounted volume when AWS gave them to another since', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    scene.now = 20 * second;
    await mount('two');
    calls();
    scene.now = 75 * second;
    const context = testContext();
    assert.deepEqual(await mount('one', {}, context), [a1]);
    assert.deepEqual([calls(), context.notes.reused], [[], 1]);
  });

  it('are not given twice to one volume for their age alone', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    scene.now = 11 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret']);
    scene.now = 22 * second;
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('are given again within ten seconds, for a mount that is tried once more', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    scene.now = 10 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
  });

  it('are asked about after their time, by one volume for all', async () => {
    const { mount, calls } = scene.setUp();
    for (const volume of ['one', 'two', 'three']) await mount(volume);
    calls();
    scene.now = 61 * second;
    for (const volume of ['one', 'two', 'three']) assert.deepEqual(await mount(volume), [a1]);
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('do not count as news for those who shared the very call', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    await mount('two');
    scene.now = 61 * second;
    await Promise.all([mount('one'), mount('two')]);
    calls();
    scene.now = 72 * second;
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('are fetched anew when AWS says that another version is current', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    calls();
    scene.version = 2;
    scene.now = 61 * second;
    assert.deepEqual(await mount('one'), ['a of AKID1 in us-west-2 v2']);
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
  });

  it('are fetched anew one hour after their fetch, whatever DescribeSecret says', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    for (scene.now = 75 * second; scene.now < hour; scene.now += 75 * second) await mount('one');
    const described = calls();
    assert.equal(described.filter((action) => action === 'GetSecretValue').length, 1);
    assert.equal(described.length, 48);
    scene.now = hour;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
  });

  it('are fetched when the secret is marked for deletion', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    scene.describeAnswer = () => ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] }, DeletedDate: 1 });
    scene.valueAnswer = () => awsError(400, 'InvalidRequestException', 'marked for deletion');
    scene.now = 61 * second;
    await assert.rejects(mount('one'), { code: 'aws_refused' });
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret', 'GetSecretValue']);
  });

  it('follow the label that is asked for, and tell versions and labels apart', async () => {
    const { mount, calls } = scene.setUp();
    const previous = { items: items(secret('a', { versionLabel: 'AWSPREVIOUS' })) };
    const pinned = { items: items(secret('a', { version: 'v1' })) };
    for (const order of [previous, pinned, {}]) await mount('one', order);
    assert.deepEqual(calls(), Array(3).fill('GetSecretValue'));
    scene.now = 61 * second;
    scene.describeAnswer = () => ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] } });
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret']);
    await mount('two', pinned);
    await mount('three', previous);
    calls();
    scene.now = 130 * second;
    await mount('two', pinned);
    assert.deepEqual(calls(), ['DescribeSecret']);
    await mount('three', previous);
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
  });

  it('remember a denied DescribeSecret of a role for good, and fetch', async () => {
    const { mount, calls } = scene.setUp();
    scene.describeAnswer = () => awsError(400, 'AccessDeniedException');
    const other = { items: items(secret('b')) };
    await mount('one');
    await mount('two', other);
    calls();
    scene.now = 61 * second;
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
    scene.now = 122 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
    await mount('two', other);
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
  });

  it('remember a denied DescribeSecret for this role and this region alone', async () => {
    const { mount, calls } = scene.setUp();
    scene.describeAnswer = ({ accessKeyId, region }) =>
      accessKeyId === 'AKID1' && region === 'us-west-2'
        ? awsError(400, 'AccessDeniedException')
        : ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] } });
    const orders = [
      {},
      { items: items(secret('a', { region: 'eu-west-1' })) },
      { identity: fakeIdentity({ key: 'BOB' }) },
    ];
    for (const [volume, order] of orders.entries()) await mount(String(volume), order);
    calls();
    scene.now = 61 * second;
    const seen: string[][] = [];
    for (const [volume, order] of orders.entries()) {
      await mount(String(volume), order);
      seen.push(calls());
    }
    assert.deepEqual(seen, [['DescribeSecret', 'GetSecretValue'], ['DescribeSecret'], ['DescribeSecret']]);
  });

  it('of a pinned version are current as long as AWS lists it, whatever its labels', async () => {
    const { mount, calls } = scene.setUp();
    const pinned = { items: items(secret('a', { version: 'v1' })) };
    await mount('one', pinned);
    calls();
    scene.describeAnswer = () => ok({ VersionIdsToStages: { v1: [], v2: ['AWSCURRENT'] } });
    scene.now = 61 * second;
    assert.deepEqual(await mount('one', pinned), [a1]);
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('are asked about again after any other failure of DescribeSecret', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    calls();
    for (const answer of [() => awsError(400, 'ThrottlingException'), () => 'reset' as const]) {
      scene.describeAnswer = answer;
      scene.now += 61 * second;
      await mount('one');
      assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
    }
  });

  it('are fetched without a question when DescribeSecret is switched off', async () => {
    const { mount, calls } = scene.setUp({ revalidate: 'fetch' });
    await mount('one');
    scene.now = 61 * second;
    await mount('one');
    await mount('one', { revalidate: true });
    assert.deepEqual(calls(), Array(3).fill('GetSecretValue'));
  });

  it('are none when the time to live is 0', async () => {
    const { mount, calls } = scene.setUp({ ttlMs: 0 });
    await mount('one');
    await mount('one');
    assert.deepEqual(calls(), Array(2).fill('GetSecretValue'));
  });

  it('are asked about, and never judged by age, when the request names current versions', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    scene.now = second;
    assert.deepEqual(await mount('one', { revalidate: true }), [a1]);
    assert.deepEqual(await mount('two', { revalidate: true }), [a1]);
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret', 'DescribeSecret']);
  });

  it('are not given to a volume whose mount failed after the fetch', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one', { keep: false });
    await mount('one');
    assert.deepEqual(calls(), Array(2).fill('GetSecretValue'));
  });

  it('never take a volume back to an older answer, that of a fetch which was asked before and ends later', () => {
    const cache = new ValueCache({ ttlMs: 60 * second, staleMs: 0, maxBytes: 10_000, nowMs: () => 3, random: () => 0 });
    const volumes = new VolumeMemory();
    const of = (volume: string) =>
      new KeptValues({ cache, volumes, identity: { key: 'k', shares: true }, volume, revalidate: false });
    const [{ primary: query }] = items(secret('a')) as [FetchItem];
    const young = of('one');
    young.fetched(query, { value: new Secret('new'), version: 'v2' }, 2);
    young.took(query);
    young.delivered();
    // It has left the memory, for lack of room say, when the older one comes.
    young.gone(query);
    of('two').fetched(query, { value: new Secret('old'), version: 'v1' }, 1);
    assert.equal(of('one').takeFresh(query), undefined);
  });

  it('are given again for ten seconds from the first time, not from the last', async () => {
    const { mount, calls } = scene.setUp();
    await mount('one');
    scene.now = 6 * second;
    await mount('one');
    scene.now = 12 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret']);
  });

  it('are none for a token that does not say whose it is', async () => {
    const { mount, calls } = scene.setUp();
    const identity = { ...fakeIdentity(), shares: false };
    await mount('one', { identity });
    await mount('one', { identity });
    assert.deepEqual(calls(), Array(2).fill('GetSecretValue'));
  });

  it('are given to nobody before AWS accepted the token of the mount', async () => {
    const { mount, calls } = scene.setUp();
    const orders = [secret('a'), parameter('p')].map((query) => ({ items: items(query) }));
    const refused = new ProviderError('identity_denied', 'refused');
    const identity = fakeIdentity({ credentials: () => Promise.reject(refused) });
    for (const [index, order] of orders.entries()) {
      const volume = String(index);
      await mount(volume, order);
      calls();
      // So young that it would do without a call.
      await mount(volume, order);
      await assert.rejects(mount(volume, { ...order, identity }), { code: 'identity_denied' });
      assert.deepEqual(calls(), []);
    }
  });

  it('are asked for after all when the token took so long that their time is over', async () => {
    const { mount, calls } = scene.setUp();
    const order = { items: items(secret('a'), parameter('p')) };
    await mount('one', order);
    scene.now = 20 * second;
    await mount('two', order);
    calls();
    const slow = async () => {
      await nextTurn();
      scene.now = 80 * second;
      return credentials('AKID1');
    };
    scene.now = 30 * second;
    const context = testContext();
    const values = await mount('one', { ...order, identity: fakeIdentity({ credentials: slow }) }, context);
    assert.deepEqual(values, [a1, 'p of AKID1 1']);
    assert.deepEqual(calls().sort(), ['DescribeSecret', 'GetParameters']);
    assert.equal(context.notes.reused, undefined);
  });

  it('of parameters are reused by age; only the others are fetched, ten in a call', async () => {
    const { mount, calls } = scene.setUp();
    const queries = Array.from({ length: 12 }, (_, index) => parameter(`p${index}`));
    await mount('one', { items: items(...queries.slice(0, 6)) });
    await mount('two', { items: items(...queries.slice(0, 6)) });
    calls();
    scene.now = 5 * second;
    const values = await mount('one', { items: items(...queries) });
    assert.deepEqual(
      values,
      queries.map(({ name }) => `${name} of AKID1 1`),
    );
    assert.deepEqual((scene.endpoint.requests[0]?.input['Names'] as string[]).length, 6);
    assert.deepEqual(calls(), ['GetParameters']);
    scene.now = 66 * second;
    await mount('one', { items: items(...queries) });
    assert.deepEqual(calls(), ['GetParameters', 'GetParameters']);
  });

  it('never cross from one identity to another, whatever the order of mounts', async () => {
    type Step = {
      readonly who: string;
      readonly volume: string;
      readonly query: ObjectQuery;
      readonly afterMs: number;
    };
    const step: fc.Arbitrary<Step> = fc.record({
      who: fc.constantFrom('ALICE', 'BOB'),
      volume: fc.constantFrom('one', 'two'),
      query: fc.constantFrom(
        secret('a'),
        secret('b'),
        secret('a', { versionLabel: 'x' }),
        parameter('a'),
        parameter('b'),
      ),
      afterMs: fc.constantFrom(0, second, 30 * second, 61 * second),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { mount } = scene.setUp();
        for (const { who, volume, query, afterMs } of steps) {
          scene.now += afterMs;
          const [value] = await mount(volume, { identity: fakeIdentity({ key: who }), items: items(query) });
          assert.match(value ?? '', new RegExp(`^${query.name} of ${who}1 `));
        }
      }),
      { numRuns: 40 },
    );
  });
});
