/** Two regions: the whole table of what each may say, with the real SDK, and the clocks of failover. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { ProviderError } from '../../src/errors.js';
import type { Identity } from '../../src/mount/ports.js';
import type { FetchedObject, FetchItem } from '../../src/mount/types.js';
import type { SecretSourceOptions } from '../../src/provider/source.js';
import { Secret } from '../../src/secret.js';
import {
  awsError,
  ok,
  secretReply,
  startAwsEndpoint,
  type AwsEndpoint,
  type AwsRequest,
  type Fault,
  type Reply,
  type Script,
} from '../support/aws-endpoint.js';
import { testContext, type TestContext } from '../support/contexts.js';
import {
  credentials,
  failoverItem,
  failoverRegion,
  fakeIdentity,
  parameter,
  primaryRegion,
  secret,
  sourceAt,
} from '../support/provider-fakes.js';

const words = ['ok', 'denied', 'missing', 'broken', 'throttled', 'hangs', 'refused', 'page', 'login'] as const;
type Word = (typeof words)[number];

const replies: Record<Word, (request: AwsRequest) => Reply | Fault> = {
  ok: (request) => secretReply(request),
  denied: () => awsError(400, 'AccessDeniedException'),
  missing: () => awsError(400, 'ResourceNotFoundException'),
  broken: () => awsError(500, 'InternalServiceError'),
  throttled: () => awsError(400, 'ThrottlingException'),
  hangs: () => 'hang',
  refused: () => 'reset',
  // A proxy or a firewall before AWS: AWS itself would say something else.
  page: () => ({ status: 403, body: '<html>blocked</html>', headers: { 'content-type': 'text/html' } }),
  login: () => ({ status: 401, body: '' }),
};

/** What the documentation says: the region that serves, or the code with which the mount fails. */
function expected(primary: Word, failover: Word, tolerate: boolean): string {
  const final = (word: Word) => word === 'denied' || word === 'missing';
  const tolerated = tolerate && failover === 'denied' && primary === 'ok';
  if (primary === 'denied') return 'access_denied';
  if (primary === 'missing') return 'object_not_found';
  if (final(failover) && !tolerated) return failover === 'denied' ? 'access_denied' : 'object_not_found';
  if (primary === 'ok') return 'primary';
  return failover === 'ok' ? 'failover' : 'aws_unavailable';
}

interface Attempt {
  readonly context: TestContext;
  readonly fetched?: readonly FetchedObject[];
  readonly error?: ProviderError;
  readonly tookMs: number;
}

describe('two regions', () => {
  let endpoint: AwsEndpoint;
  let script: Script = secretReply;
  const started: AwsEndpoint[] = [];
  const start = async (ofEndpoint: Script): Promise<AwsEndpoint> => {
    const next = await startAwsEndpoint(ofEndpoint);
    started.push(next);
    return next;
  };
  before(async () => {
    endpoint = await start((request) => script(request));
  });
  after(() => Promise.all(started.map((one) => one.stop())));
  beforeEach(() => {
    script = secretReply;
  });

  const attempt = async (
    list: readonly FetchItem[],
    options: Partial<SecretSourceOptions> & { identity?: Identity; timeLeftMs?: number; at?: AwsEndpoint } = {},
  ): Promise<Attempt> => {
    const context = testContext(options.timeLeftMs);
    const source = sourceAt(options.at ?? endpoint, options);
    const begin = performance.now();
    try {
      const fetched = await source.fetch(list, options.identity ?? fakeIdentity(), context);
      return { context, fetched, tookMs: performance.now() - begin };
    } catch (error) {
      assert.ok(error instanceof ProviderError, inspect(error));
      return { context, error, tookMs: performance.now() - begin };
    }
  };
  /** Each region gives its word. */
  const saying =
    (primary: Word, failover: Word): Script =>
    (request) =>
      replies[request.region === primaryRegion ? primary : failover](request);

  for (const tolerate of [false, true]) {
    it(`decide as documented in every combination, denials of the second ${tolerate ? '' : 'not '}tolerated`, async () => {
      const cases = words.flatMap((primary) => words.map((failover) => ({ primary, failover })));
      const at = await start((request) => {
        const [primary, failover] = String(request.input['SecretId']).split('-');
        return saying(primary as Word, failover as Word)(request);
      });
      const options = {
        at,
        failoverTimeoutMs: 800,
        tolerateFailoverDenied: tolerate,
        timeLeftMs: 2_800,
        limits: { attemptMs: 1_200, attempts: 2 },
      };
      const results = await Promise.all(
        cases.map(async ({ primary, failover }) => ({
          primary,
          failover,
          result: await attempt([failoverItem(secret(`${primary}-${failover}`))], options),
        })),
      );
      for (const { primary, failover, result } of results) {
        const title = `${primary}, ${failover}: ${result.error?.message ?? ''}`;
        const want = expected(primary, failover, tolerate);
        const got = result.fetched?.[0];
        const region = got && (got.region === primaryRegion ? 'primary' : 'failover');
        assert.equal(region ?? result.error?.code, want, title);
        if (got) {
          assert.equal(got.value.revealText(), `value of ${primary}-${failover} in ${got.region}`);
          assert.equal(got.version, `version-of-${primary}-${failover}-in-${got.region}`);
          const quiet = primary === 'ok' && failover === 'ok';
          assert.equal(result.context.warnings.length, quiet ? 0 : 1, title);
        } else {
          assert.match(result.error?.message ?? '', new RegExp(`^objects\\[0\\] "${primary}-${failover}": `));
          if (primary !== 'ok') assert.match(result.error?.message ?? '', /us-west-2/, title);
          if (failover !== 'ok') assert.match(result.error?.message ?? '', /failover region eu-west-1/, title);
        }
      }
    });
  }

  it('say who serves, and why not the other', async () => {
    script = saying('broken', 'ok');
    const { context, fetched } = await attempt([failoverItem(secret('a')), failoverItem(secret('b'), 1)]);
    assert.equal(fetched?.[1]?.region, failoverRegion);
    assert.equal(context.warnings.length, 1);
    assert.match(
      context.warnings[0] ?? '',
      /^objects\[0\] "a", objects\[1\] "b": served by failover region eu-west-1: Secrets Manager in us-west-2 \(127\.0\.0\.1\) failed \(InternalServiceError: words about InternalServiceError; 3 attempts\)/,
    );
    assert.equal(context.notes.requestIds?.length, 2);
  });

  it('fail over when nothing listens in the first', async () => {
    const at = await start(secretReply);
    at.refused.add(primaryRegion);
    const { context, fetched } = await attempt([failoverItem(secret('a'))], { at });
    assert.equal(fetched?.[0]?.region, failoverRegion);
    assert.match(
      context.warnings[0] ?? '',
      /cannot be reached \(ECONNREFUSED: connect ECONNREFUSED 127\.0\.0\.1:1; 3 attempts\)/,
    );
  });

  it('wait for the first no longer than the failover time-out, credentials included, then stop asking it', async () => {
    script = saying('hangs', 'ok');
    const before = endpoint.abandoned;
    const list = Array.from({ length: 30 }, (_, i) => failoverItem(secret(`s${i}`), i));
    const { fetched, tookMs, context } = await attempt(list, { failoverTimeoutMs: 300 });
    assert.ok(fetched?.every(({ region }) => region === failoverRegion));
    assert.ok(tookMs >= 295 && tookMs < 1_500, `${tookMs} ms`);
    assert.match(context.warnings[0] ?? '', /no answer from us-west-2 within the failover time-out of 300 ms/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(endpoint.abandoned - before > 0);

    const identity = fakeIdentity({
      credentials: (region) =>
        region === primaryRegion ? new Promise(() => undefined) : Promise.resolve(credentials('AKID1')),
    });
    const slow = await attempt([failoverItem(secret('a'))], { identity, failoverTimeoutMs: 300 });
    assert.equal(slow.fetched?.[0]?.region, failoverRegion);
    assert.ok(slow.tookMs < 1_500, `${slow.tookMs} ms`);
  });

  it('wait for a second that hangs, too, since it may refuse', async () => {
    script = saying('ok', 'hangs');
    const { fetched, tookMs } = await attempt([failoverItem(secret('a'))], { failoverTimeoutMs: 300 });
    assert.equal(fetched?.[0]?.region, primaryRegion);
    assert.ok(tookMs >= 295 && tookMs < 1_500, `${tookMs} ms`);
  });

  it('take the first answer that comes after the time-out', async () => {
    script = (request) => secretReply(request, request.region === primaryRegion ? 500 : 900);
    const { fetched, tookMs } = await attempt([failoverItem(secret('a'))], { failoverTimeoutMs: 100 });
    assert.equal(fetched?.[0]?.region, primaryRegion);
    assert.ok(tookMs < 850, `${tookMs} ms`);
  });

  it('do not fail over when only this process was stalled', async () => {
    script = (request) => secretReply(request, 20);
    const pending = attempt([failoverItem(secret('a'))], { failoverTimeoutMs: 400 });
    // Answers wait in the sockets while nothing runs here.
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700), 30);
    const { fetched, context } = await pending;
    assert.equal(fetched?.[0]?.region, primaryRegion);
    assert.deepEqual(context.warnings, []);
  });

  describe('and the identity', () => {
    const withError = (region: string, code: 'identity_denied' | 'identity_refused' | 'identity_unavailable') =>
      fakeIdentity({
        credentials: (asked) =>
          asked === region
            ? Promise.reject(new ProviderError(code, `STS says ${code}`))
            : Promise.resolve(credentials('AKID1')),
      });
    const item = [failoverItem(secret('a'))];

    for (const region of [primaryRegion, failoverRegion]) {
      for (const code of ['identity_denied', 'identity_refused'] as const) {
        it(`fail the mount when it is ${code} in ${region}`, async () => {
          const { error } = await attempt(item, { identity: withError(region, code) });
          assert.equal(error?.code, code);
          assert.match(error.message, new RegExp(`^no credentials in (failover region )?${region}: STS says ${code}$`));
        });
      }
    }

    it('fail over when it is not available in the first', async () => {
      const { fetched, context } = await attempt(item, { identity: withError(primaryRegion, 'identity_unavailable') });
      assert.equal(fetched?.[0]?.region, failoverRegion);
      assert.match(context.warnings[0] ?? '', /no credentials in us-west-2: STS says identity_unavailable/);
    });

    it('tolerate its denial in the second when told to, but not in the first', async () => {
      const tolerant = { tolerateFailoverDenied: true };
      const second = await attempt(item, { identity: withError(failoverRegion, 'identity_denied'), ...tolerant });
      assert.equal(second.fetched?.[0]?.region, primaryRegion);
      assert.match(second.context.warnings[0] ?? '', /ignored because of --tolerate-failover-denied/);
      const first = await attempt(item, { identity: withError(primaryRegion, 'identity_denied'), ...tolerant });
      assert.equal(first.error?.code, 'identity_denied');
    });
  });

  it('fail over batches of parameters, invalid ones of either region failing the mount', async () => {
    script = (request) => {
      if (request.region === primaryRegion) return awsError(503, 'ServiceUnavailable');
      const names = request.input['Names'] as string[];
      const parameters = names
        .filter((name) => name !== 'gone')
        .map((Name) => ({ Name, Value: `${Name} there`, Version: 2 }));
      return ok({ Parameters: parameters, InvalidParameters: names.filter((name) => name === 'gone') });
    };
    const good = await attempt([failoverItem(parameter('p')), failoverItem(parameter('q'), 1)]);
    assert.deepEqual(
      good.fetched?.map(({ value }) => value.revealText()),
      ['p there', 'q there'],
    );
    const { error } = await attempt([failoverItem(parameter('p')), failoverItem(parameter('gone'), 1)]);
    assert.equal(error?.code, 'object_not_found');
    assert.match(
      error.message,
      /^objects\[1\] "gone": Parameter Store in us-west-2 .*; no such parameter in failover region eu-west-1: replicate/,
    );
  });

  it('are both asked about a version that the volume holds', async () => {
    const asked: string[] = [];
    script = (request) => {
      asked.push(`${request.action} ${request.region}`);
      return request.action === 'DescribeSecret'
        ? ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] } })
        : secretReply(request);
    };
    const held = { version: 'v1', value: new Secret('held value') };
    const { fetched } = await attempt([{ ...failoverItem(secret('a')), held }]);
    assert.equal(fetched?.[0]?.value.revealText(), 'held value');
    assert.deepEqual(asked.sort(), ['DescribeSecret eu-west-1', 'DescribeSecret us-west-2']);
  });
});
