/** What a volume is given from memory, for whom, and how long. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ProviderError } from '../../src/errors.js';
import type { FetchOrder, ObjectQuery } from '../../src/mount/types.js';
import type { SecretSourceOptions } from '../../src/provider/source.js';
import { awsError, ok, startAwsEndpoint, type AwsEndpoint, type AwsRequest } from '../support/aws-endpoint.js';
import { testContext, type TestContext } from '../support/contexts.js';
import { failoverItem, fakeIdentity, items, parameter, secret, sourceAt } from '../support/provider-fakes.js';

const second = 1000;
const hour = 3_600_000;

describe('values that are kept', () => {
  let endpoint: AwsEndpoint;
  let now = 0;
  let version = 1;
  let describeAnswer: (request: AwsRequest) => ReturnType<typeof ok> | 'reset';
  let valueAnswer: (request: AwsRequest) => ReturnType<typeof ok> | 'reset';
  let parameterAnswer: (request: AwsRequest) => ReturnType<typeof ok> | 'reset';
  before(async () => {
    endpoint = await startAwsEndpoint((request) => {
      if (request.action === 'DescribeSecret') return describeAnswer(request);
      return request.action === 'GetParameters' ? parameterAnswer(request) : valueAnswer(request);
    });
  });
  after(() => endpoint.stop());
  beforeEach(() => {
    now = 0;
    version = 1;
    describeAnswer = () => ok({ VersionIdsToStages: { [`v${version}`]: ['AWSCURRENT'] } });
    valueAnswer = ({ input, accessKeyId, region }) =>
      ok({
        VersionId: `v${version}`,
        SecretString: `${String(input['SecretId'])} of ${accessKeyId} in ${region} v${version}`,
      });
    parameterAnswer = parametersReply;
    (endpoint.requests as unknown[]).length = 0;
  });

  const parametersReply = ({ input, accessKeyId }: AwsRequest) => {
    const names = input['Names'] as string[];
    return ok({
      Parameters: names.map((Name) => ({
        Name: Name.split(':')[0],
        Value: `${Name} of ${accessKeyId} ${version}`,
        Version: version,
      })),
    });
  };

  /** One source, and a way to mount volumes with it; `calls` gives the actions since it was last asked. */
  const setUp = (
    options: Partial<SecretSourceOptions> & { readonly ttlMs?: number; readonly staleMs?: number } = {},
  ) => {
    const { ttlMs = 60 * second, staleMs = 0, ...rest } = options;
    const cache = { ttlMs, staleMs, maxBytes: 4 * 1024 * 1024, nowMs: () => now, random: () => 0 };
    const { source } = sourceAt(endpoint, { cache, limits: { attempts: 1 }, ...rest });
    const identity = fakeIdentity();
    const mount = async (
      volume: string,
      order: Partial<FetchOrder> & { readonly keep?: boolean } = {},
      context = testContext(),
    ) => {
      const { keep = true, ...given } = order;
      const { objects, delivered, release } = await source.fetch(
        { items: items(secret('a')), identity, namespace: 'ns', revalidate: false, volume, ...given },
        context,
      );
      if (keep) delivered();
      release();
      return objects.map(({ value }) => value.revealText());
    };
    const calls = () => (endpoint.requests as AwsRequest[]).splice(0).map(({ action }) => action);
    return { mount, calls, source };
  };
  const a1 = 'a of AKID1 in us-west-2 v1';

  it('are never given to the first mount of a volume', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    assert.deepEqual(await mount('two'), [a1]);
    assert.deepEqual(calls(), ['GetSecretValue', 'GetSecretValue']);
  });

  it('are given without a call to a mounted volume when AWS gave them to another since', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    now = 20 * second;
    await mount('two');
    calls();
    now = 75 * second;
    const context = testContext();
    assert.deepEqual(await mount('one', {}, context), [a1]);
    assert.deepEqual([calls(), context.notes.reused], [[], 1]);
  });

  it('are not given twice to one volume for their age alone', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    now = 11 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret']);
    now = 22 * second;
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('are given again within ten seconds, for a mount that is tried once more', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    now = 10 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
  });

  it('are asked about after their time, by one volume for all', async () => {
    const { mount, calls } = setUp();
    for (const volume of ['one', 'two', 'three']) await mount(volume);
    calls();
    now = 61 * second;
    for (const volume of ['one', 'two', 'three']) assert.deepEqual(await mount(volume), [a1]);
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('do not count as news for those who shared the very call', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    await mount('two');
    now = 61 * second;
    await Promise.all([mount('one'), mount('two')]);
    calls();
    now = 72 * second;
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret']);
  });

  it('are fetched anew when AWS says that another version is current', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    calls();
    version = 2;
    now = 61 * second;
    assert.deepEqual(await mount('one'), ['a of AKID1 in us-west-2 v2']);
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
  });

  it('are fetched anew one hour after their fetch, whatever DescribeSecret says', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    for (now = 75 * second; now < hour; now += 75 * second) await mount('one');
    const described = calls();
    assert.equal(described.filter((action) => action === 'GetSecretValue').length, 1);
    assert.equal(described.length, 48);
    now = hour;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
  });

  it('are fetched when the secret is marked for deletion', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    describeAnswer = () => ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] }, DeletedDate: 1 });
    valueAnswer = () => awsError(400, 'InvalidRequestException', 'marked for deletion');
    now = 61 * second;
    await assert.rejects(mount('one'), { code: 'aws_refused' });
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret', 'GetSecretValue']);
  });

  it('follow the label that is asked for, and tell versions and labels apart', async () => {
    const { mount, calls } = setUp();
    const previous = { items: items(secret('a', { versionLabel: 'AWSPREVIOUS' })) };
    const pinned = { items: items(secret('a', { version: 'v1' })) };
    for (const order of [previous, pinned, {}]) await mount('one', order);
    assert.deepEqual(calls(), Array(3).fill('GetSecretValue'));
    now = 61 * second;
    describeAnswer = () => ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] } });
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret']);
    await mount('two', pinned);
    await mount('three', previous);
    calls();
    now = 130 * second;
    await mount('two', pinned);
    assert.deepEqual(calls(), ['DescribeSecret']);
    await mount('three', previous);
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
  });

  it('remember a denied DescribeSecret of a role for good, and fetch', async () => {
    const { mount, calls } = setUp();
    describeAnswer = () => awsError(400, 'AccessDeniedException');
    const other = { items: items(secret('b')) };
    await mount('one');
    await mount('two', other);
    calls();
    now = 61 * second;
    await mount('one');
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
    now = 122 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
    await mount('two', other);
    assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
  });

  it('are asked about again after any other failure of DescribeSecret', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    calls();
    for (const answer of [() => awsError(400, 'ThrottlingException'), () => 'reset' as const]) {
      describeAnswer = answer;
      now += 61 * second;
      await mount('one');
      assert.deepEqual(calls(), ['DescribeSecret', 'GetSecretValue']);
    }
  });

  it('are fetched without a question when DescribeSecret is switched off', async () => {
    const { mount, calls } = setUp({ revalidate: 'fetch' });
    await mount('one');
    now = 61 * second;
    await mount('one');
    await mount('one', { revalidate: true });
    assert.deepEqual(calls(), Array(3).fill('GetSecretValue'));
  });

  it('are none when the time to live is 0', async () => {
    const { mount, calls } = setUp({ ttlMs: 0 });
    await mount('one');
    await mount('one');
    assert.deepEqual(calls(), Array(2).fill('GetSecretValue'));
  });

  it('are asked about, and never judged by age, when the request names current versions', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    now = second;
    assert.deepEqual(await mount('one', { revalidate: true }), [a1]);
    assert.deepEqual(await mount('two', { revalidate: true }), [a1]);
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret', 'DescribeSecret']);
  });

  it('are not given to a volume whose mount failed after the fetch', async () => {
    const { mount, calls } = setUp();
    await mount('one', { keep: false });
    await mount('one');
    assert.deepEqual(calls(), Array(2).fill('GetSecretValue'));
  });

  it('are given again for ten seconds from the first time, not from the last', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    now = 6 * second;
    await mount('one');
    now = 12 * second;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue', 'DescribeSecret']);
  });

  it('are none for a token that does not say whose it is', async () => {
    const { mount, calls } = setUp();
    const identity = { ...fakeIdentity(), shares: false };
    await mount('one', { identity });
    await mount('one', { identity });
    assert.deepEqual(calls(), Array(2).fill('GetSecretValue'));
  });

  it('are given to nobody before AWS accepted the token of the mount', async () => {
    const { mount, calls } = setUp();
    await mount('one');
    calls();
    const refused = new ProviderError('identity_denied', 'refused');
    const identity = fakeIdentity({ credentials: () => Promise.reject(refused) });
    now = second;
    await assert.rejects(mount('one', { identity }), { code: 'identity_denied' });
    const order = { identity, items: items(parameter('p')) };
    await assert.rejects(mount('one', order), { code: 'identity_denied' });
    assert.deepEqual(calls(), []);
  });

  it('of parameters are reused by age; only the others are fetched, ten in a call', async () => {
    const { mount, calls } = setUp();
    const queries = Array.from({ length: 12 }, (_, index) => parameter(`p${index}`));
    await mount('one', { items: items(...queries.slice(0, 6)) });
    await mount('two', { items: items(...queries.slice(0, 6)) });
    calls();
    now = 5 * second;
    const values = await mount('one', { items: items(...queries) });
    assert.deepEqual(
      values,
      queries.map(({ name }) => `${name} of AKID1 1`),
    );
    assert.deepEqual((endpoint.requests[0]?.input['Names'] as string[]).length, 6);
    assert.deepEqual(calls(), ['GetParameters']);
    now = 66 * second;
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
        const { mount } = setUp();
        for (const { who, volume, query, afterMs } of steps) {
          now += afterMs;
          const [value] = await mount(volume, { identity: fakeIdentity({ key: who }), items: items(query) });
          assert.match(value ?? '', new RegExp(`^${query.name} of ${who}1 `));
        }
      }),
      { numRuns: 40 },
    );
  });

  describe('when AWS cannot be reached', () => {
    const lost = () => 'reset' as const;
    const stale = { staleMs: 600 * second };
    const serves = async (context: TestContext, given: Partial<FetchOrder> = {}, options = stale) => {
      const set = setUp(options);
      await set.mount('one', given);
      valueAnswer = lost;
      now = 120 * second;
      return set.mount('two', given, context);
    };

    it('start no pod unless the operator allows it', async () => {
      await assert.rejects(serves(testContext(), {}, { staleMs: 0 }), { code: 'aws_unavailable' });
    });

    it('start a pod for the time that is allowed, with a warning that says how old they are', async () => {
      const context = testContext();
      assert.deepEqual(await serves(context), [a1]);
      assert.equal(context.warnings.length, 1);
      assert.match(
        context.warnings[0] ?? '',
        /^objects\[0\] "a": served from memory as us-west-2 gave it 120 s ago \(--serve-stale-for\): .*us-west-2/,
      );
    });

    it('start no pod after that time', async () => {
      const { mount } = setUp(stale);
      await mount('one');
      valueAnswer = lost;
      now = 660 * second;
      await assert.rejects(mount('two'), { code: 'aws_unavailable' });
    });

    it('are not given to a mounted volume, which keeps its files', async () => {
      const { mount } = setUp(stale);
      await mount('one');
      valueAnswer = lost;
      describeAnswer = lost;
      now = 120 * second;
      await assert.rejects(mount('one'), { code: 'aws_unavailable' });
    });

    it('are not given where AWS refuses, nor to an identity that AWS has not accepted', async () => {
      const { mount } = setUp(stale);
      await mount('one');
      now = 120 * second;
      valueAnswer = () => awsError(400, 'AccessDeniedException');
      await assert.rejects(mount('two'), { code: 'access_denied' });
      valueAnswer = lost;
      // The denial took the value away from this identity.
      await assert.rejects(mount('two'), { code: 'aws_unavailable' });
      const down = new ProviderError('identity_unavailable', 'no STS');
      const identity = fakeIdentity({ credentials: () => Promise.reject(down) });
      await assert.rejects(mount('three', { identity }), { code: 'identity_unavailable' });
    });

    it('of parameters are not given once a call for them was denied', async () => {
      const { mount } = setUp(stale);
      const order = { items: items(parameter('p')) };
      await mount('one', order);
      now = 120 * second;
      parameterAnswer = () => awsError(400, 'AccessDeniedException');
      await assert.rejects(mount('two', order), { code: 'access_denied' });
      parameterAnswer = lost;
      await assert.rejects(mount('two', order), { code: 'aws_unavailable' });
    });

    it('come from the failover region when the primary never gave one', async () => {
      const { mount } = setUp(stale);
      valueAnswer = ({ region }) =>
        region === 'us-west-2' ? 'reset' : ok({ VersionId: 'v1', SecretString: 'second' });
      const order = { items: [failoverItem(secret('a'))] };
      assert.deepEqual(await mount('one', order), ['second']);
      valueAnswer = lost;
      now = 120 * second;
      assert.deepEqual(await mount('two', order), ['second']);
    });
  });
});
