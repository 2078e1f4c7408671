/** Secrets of one region: what is sent, what comes back, and what each refusal tells. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { awsAnswerBytes, findingsCharacters } from '../../src/budgets.js';
import { ProviderError } from '../../src/errors.js';
import type { FetchItem } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';
import { awsError, ok, secretReply, startAwsEndpoint, type AwsEndpoint, type Script } from '../support/aws-endpoint.js';
import { testContext } from '../support/contexts.js';
import { fakeIdentity, items, secret, sourceAt } from '../support/provider-fakes.js';

describe('secrets of one region', () => {
  let endpoint: AwsEndpoint;
  let script: Script = secretReply;
  before(async () => {
    endpoint = await startAwsEndpoint((request) => script(request));
  });
  after(() => endpoint.stop());
  beforeEach(() => {
    script = secretReply;
    (endpoint.requests as unknown[]).length = 0;
  });

  const fetch = (list: readonly FetchItem[], context = testContext()) =>
    sourceAt(endpoint).fetch(list, fakeIdentity(), context);
  const failure = async (list: readonly FetchItem[], context = testContext()): Promise<ProviderError> => {
    const error: unknown = await fetch(list, context).then(
      () => assert.fail('expected a failure'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ProviderError, inspect(error));
    return error;
  };

  it('returns the values in the order of the items, with version and region', async () => {
    script = (request) => secretReply(request, request.input['SecretId'] === 'a' ? 40 : 1);
    const fetched = await fetch(items(secret('a'), secret('b')));
    assert.deepEqual(
      fetched.map(({ value, version, region }) => [value.revealText(), version, region]),
      [
        ['value of a in us-west-2', 'version-of-a-in-us-west-2', 'us-west-2'],
        ['value of b in us-west-2', 'version-of-b-in-us-west-2', 'us-west-2'],
      ],
    );
  });

  it('sends version and label only when they are given', async () => {
    await fetch(items(secret('a')));
    await fetch(items(secret('a', { version: 'v1' })));
    await fetch(items(secret('a', { versionLabel: 'AWSPREVIOUS' })));
    await fetch(items(secret('a', { version: 'v1', versionLabel: 'AWSPREVIOUS' })));
    assert.deepEqual(
      endpoint.requests.map(({ input }) => input),
      [
        { SecretId: 'a' },
        { SecretId: 'a', VersionId: 'v1' },
        { SecretId: 'a', VersionStage: 'AWSPREVIOUS' },
        { SecretId: 'a', VersionId: 'v1', VersionStage: 'AWSPREVIOUS' },
      ],
    );
  });

  it('signs with the credentials of the identity and names itself', async () => {
    await fetch(items(secret('a')));
    const [request] = endpoint.requests;
    assert.equal(request?.accessKeyId, 'AKID1');
    assert.match(request.userAgent, /app\/secrets-store-csi-driver-provider-aws-test/);
  });

  it('returns the raw bytes of a binary secret', async () => {
    const bytes = Buffer.from([0, 255, 128, 10]);
    script = () => ok({ VersionId: 'v', SecretBinary: bytes.toString('base64') });
    const [fetched] = await fetch(items(secret('a')));
    assert.deepEqual(fetched?.value.reveal(), bytes);
  });

  it('asks once for what several objects share', async () => {
    const fetched = await fetch(items(secret('a'), secret('b'), secret('a'), secret('a', { version: 'v' })));
    assert.equal(endpoint.requests.length, 3);
    assert.equal(fetched[2]?.value.revealText(), fetched[0]?.value.revealText());
  });

  it('has at most as many calls under way as the mount may', async () => {
    let underWay = 0;
    let most = 0;
    script = (request) => {
      most = Math.max(most, (underWay += 1));
      setTimeout(() => (underWay -= 1), 5);
      return secretReply(request, 15);
    };
    const source = sourceAt(endpoint, { limits: { callsAtOnce: 3 } });
    await source.fetch(items(...Array.from({ length: 20 }, (_, i) => secret(`s${i}`))), fakeIdentity(), testContext());
    assert.equal(endpoint.requests.length, 20);
    assert.equal(most, 3);
  });

  it('counts each attempt as a call of the mount', async () => {
    let calls = 0;
    script = (request) => ((calls += 1) === 1 ? awsError(500, 'InternalServiceError') : secretReply(request));
    const context = testContext();
    await fetch(items(secret('a')), context);
    assert.equal(context.counts.aws, endpoint.requests.length);
    assert.equal(context.counts.aws, 2);
  });

  it('tells which permission is missing on what, and for whom', async () => {
    script = () =>
      awsError(
        400,
        'AccessDeniedException',
        'User: arn:aws:sts::111122223333:assumed-role/app/x is not authorized to perform: secretsmanager:GetSecretValue ' +
          'on resource: arn:aws:secretsmanager:us-west-2:111122223333:secret:db-AbCdEf because no identity-based policy allows it',
      );
    const error = await failure(items(secret('db')));
    assert.equal(error.code, 'access_denied');
    assert.match(
      error.message,
      /^objects\[0\] "db": access denied in us-west-2 for role arn:aws:iam::111122223333:role\/app: allow secretsmanager:GetSecretValue on arn:aws:secretsmanager:us-west-2:111122223333:secret:db-AbCdEf \(AccessDeniedException: User: /,
    );
    assert.equal(error.requestIds.length, 1);
    assert.doesNotMatch(error.message, /request-id/);
  });

  it('names kms:Decrypt where AWS speaks of the key', async () => {
    script = () => awsError(400, 'AccessDeniedException', 'Access to KMS is not allowed');
    assert.match(
      (await failure(items(secret('db')))).message,
      /allow secretsmanager:GetSecretValue on it and kms:Decrypt/,
    );
  });

  it('reports all failing objects in request order, equal reasons together', async () => {
    script = (request) => {
      const name = String(request.input['SecretId']);
      if (name.startsWith('no')) return awsError(400, 'ResourceNotFoundException', "can't find it");
      if (name === 'denied') return awsError(400, 'AccessDeniedException', 'no');
      return secretReply(request);
    };
    const error = await failure(items(secret('no1'), secret('a'), secret('denied'), secret('no2')));
    assert.equal(error.code, 'object_not_found');
    assert.match(
      error.message,
      /^objects\[0\] "no1", objects\[3\] "no2": no such secret in us-west-2: correct .+; objects\[2\] "denied": access denied/,
    );
    assert.doesNotMatch(error.message, /"a"/);
    assert.equal(error.requestIds.length, 3);
  });

  it('counts the objects that leave no room for the reason', async () => {
    script = () => awsError(400, 'ResourceNotFoundException');
    const names = Array.from({ length: 60 }, (_, index) => `${'long/'.repeat(20)}${index}`);
    const { message } = await failure(items(...names.map((name) => secret(name))));
    const told = names.filter((name) => message.includes(`"${name}"`));
    assert.deepEqual(told, names.slice(0, told.length));
    assert.ok(told.length > 10 && message.length < findingsCharacters, `${told.length} in ${message.length}`);
    assert.ok(message.includes(` and ${names.length - told.length} more: no such secret in us-west-2`), message);
  });

  it('names version and label that may be what is missing', async () => {
    script = () => awsError(400, 'ResourceNotFoundException');
    const error = await failure(items(secret('a', { version: 'v9', versionLabel: 'OLD' })));
    assert.match(error.message, /no such secret in us-west-2, or it has no version "v9" with label "OLD"/);
  });

  it('tells that a secret is marked for deletion', async () => {
    script = () =>
      awsError(
        400,
        'InvalidRequestException',
        'You can’t perform this operation because the secret was marked for deletion.',
      );
    const error = await failure(items(secret('a')));
    assert.equal(error.code, 'aws_refused');
    assert.match(error.message, /marked for deletion.*restore the secret/);
  });

  it('moves request ids out of the words and escapes control characters', async () => {
    const id = '0a1b2c3d-0000-1111-2222-333344445555';
    script = () => awsError(400, 'DecryptionFailure', `key\n\u001b[31m is disabled (Service: Kms; Request ID: ${id})`);
    const error = await failure(items(secret('a')));
    assert.equal(error.code, 'aws_refused');
    assert.match(
      error.message,
      /key\\x0a\\x1b\[31m is disabled \(Service: Kms\).*check that the key exists and is enabled/,
    );
    assert.ok(error.requestIds.includes(id));
  });

  for (const [title, reply] of [
    ['not JSON', { status: 200, body: '{"SecretString": "canary-value", "VersionId' }],
    ['no object', { status: 200, body: '"canary-value"' }],
    ['null', { status: 200, body: 'null' }],
    ['a value without a version', { status: 200, body: { SecretString: 'canary-value' } }],
    ['a version without a value', { status: 200, body: { VersionId: 'v' } }],
    ['an HTML page', { status: 200, body: '<html>canary-value</html>' }],
  ] as const) {
    it(`does not take ${title} for a secret, and shows nothing of it`, async () => {
      script = () => reply;
      const error = await failure(items(secret('a')));
      assert.equal(error.code, 'aws_unavailable');
      assert.match(error.message, /^objects\[0\] "a": Secrets Manager in us-west-2 \(127\.0\.0\.1\) gave an answer/);
      assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /canary/);
    });
  }

  it('points at what stands before AWS when a refusal is not AWS’s own', async () => {
    script = () => ({ status: 403, body: '<html>canary-value</html>' });
    const error = await failure(items(secret('a')));
    assert.equal(error.code, 'aws_unavailable');
    assert.equal(
      error.message,
      'objects[0] "a": Secrets Manager in us-west-2 (127.0.0.1) gave an answer that its API does not have (HTTP 403): ' +
        'check the endpoint URL and any proxy on the way',
    );
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /canary/);
  });

  it('points at what stands before AWS when new credentials are refused too, and not by AWS', async () => {
    script = () => ({ status: 401, body: '<html>canary-value</html>' });
    const error = await failure(items(secret('a')));
    assert.equal(error.code, 'aws_unavailable');
    assert.match(error.message, /us-west-2.*HTTP 401.*check the endpoint URL and any proxy on the way/);
    assert.equal(endpoint.requests.length, 2);
  });

  it('takes the largest answer that AWS gives: 64 KiB of characters that JSON escapes', async () => {
    const value = '\u0001'.repeat(64 * 1024);
    script = () => ok({ Name: 'a', SecretString: value, VersionId: 'v1' });
    const [fetched] = await fetch(items(secret('a')));
    assert.equal(fetched?.value.revealText(), value);
  });

  it('takes no endless answer', async () => {
    script = () => ({ status: 200, body: 'x'.repeat(awsAnswerBytes + 1) });
    const error = await failure(items(secret('a')));
    assert.equal(error.code, 'aws_unavailable');
    assert.match(error.message, /gave an answer that its API does not have \(more than 1048576 bytes\)/);
  });

  it('tells that the connection broke within the answer', async () => {
    script = () => 'cut';
    const error = await failure(items(secret('a')));
    assert.equal(error.code, 'aws_unavailable');
    assert.match(
      error.message,
      /Secrets Manager in us-west-2 \(127\.0\.0\.1\) cannot be reached \(ECONNRESET: aborted; 3 attempts\)/,
    );
  });

  it('hides values wherever they are printed', async () => {
    const fetched = await fetch(items(secret('a')));
    assert.doesNotMatch(inspect(fetched, { depth: 10 }) + JSON.stringify(fetched), /value of/);
  });

  describe('that the volume already holds', () => {
    const held = { version: 'v1', value: new Secret('held value') };
    const item = (rest: Partial<FetchItem> = {}, query = {}): FetchItem[] => [
      { index: 0, primary: secret('a', query), held, ...rest },
    ];
    const stages = (labels: Record<string, string[]>, more: object = {}): Script => {
      return (request) =>
        request.action === 'DescribeSecret' ? ok({ VersionIdsToStages: labels, ...more }) : secretReply(request);
    };
    const actions = () => endpoint.requests.map(({ action }) => action);
    const valueOf = async (list: FetchItem[]) => (await fetch(list))[0]?.value.revealText();

    it('are not fetched when their version is current', async () => {
      script = stages({ v1: ['AWSCURRENT'], v0: ['AWSPREVIOUS'] });
      const [fetched] = await fetch(item());
      assert.deepEqual([fetched?.value.revealText(), fetched?.version], ['held value', 'v1']);
      assert.deepEqual(actions(), ['DescribeSecret']);
    });

    it('are not fetched when their version has the wanted label', async () => {
      script = stages({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
      assert.equal(await valueOf(item({}, { versionLabel: 'AWSPREVIOUS' })), 'held value');
    });

    it('are fetched when another version is current', async () => {
      script = stages({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
      assert.equal(await valueOf(item()), 'value of a in us-west-2');
      assert.deepEqual(actions(), ['DescribeSecret', 'GetSecretValue']);
    });

    it('are not asked about when their version is the pinned one', async () => {
      const identity = fakeIdentity();
      const [fetched] = await sourceAt(endpoint).fetch(item({}, { version: 'v1' }), identity, testContext());
      assert.equal(fetched?.value.revealText(), 'held value');
      assert.deepEqual([actions(), identity.asked], [[], []]);
    });

    it('are fetched at once when another version is pinned', async () => {
      assert.equal(await valueOf(item({}, { version: 'v2' })), 'value of a in us-west-2');
      assert.deepEqual(actions(), ['GetSecretValue']);
    });

    it('are fetched when DescribeSecret is denied', async () => {
      script = (request) =>
        request.action === 'DescribeSecret' ? awsError(400, 'AccessDeniedException') : secretReply(request);
      assert.equal(await valueOf(item()), 'value of a in us-west-2');
    });

    it('are fetched when the secret is marked for deletion, for the error of AWS', async () => {
      const describe = stages({ v1: ['AWSCURRENT'] }, { DeletedDate: 1_700_000_000 });
      script = (request) =>
        request.action === 'DescribeSecret'
          ? describe(request)
          : awsError(400, 'InvalidRequestException', 'marked for deletion');
      assert.equal((await failure(item())).code, 'aws_refused');
    });

    it('fail the mount when the secret is gone', async () => {
      script = () => awsError(400, 'ResourceNotFoundException');
      assert.equal((await failure(item())).code, 'object_not_found');
      assert.deepEqual(actions(), ['DescribeSecret']);
    });

    it('are fetched for all when one object does not hold them', async () => {
      const list = [...item(), { index: 1, primary: secret('a') }];
      const fetched = await fetch(list);
      assert.deepEqual(
        fetched.map(({ value }) => value.revealText()),
        Array(2).fill('value of a in us-west-2'),
      );
      assert.deepEqual(actions(), ['GetSecretValue']);
    });
  });
});
