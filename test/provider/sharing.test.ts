/** Calls in flight, credentials and time: what mounts share, and what each has for itself. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { ProviderError } from '../../src/errors.js';
import type { AwsCredentials } from '../../src/mount/ports.js';
import { awsError, secretReply, startAwsEndpoint, type AwsEndpoint, type Script } from '../support/aws-endpoint.js';
import { testContext } from '../support/contexts.js';
import { credentials, fakeIdentity, items, parameter, secret, sourceAt } from '../support/provider-fakes.js';

describe('mounts side by side', () => {
  let endpoint: AwsEndpoint;
  let script: Script;
  before(async () => {
    endpoint = await startAwsEndpoint((request) => script(request));
  });
  after(() => endpoint.stop());
  beforeEach(() => {
    script = (request) => secretReply(request, 30);
    (endpoint.requests as unknown[]).length = 0;
  });

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const rejection = async (work: Promise<unknown>): Promise<ProviderError> => {
    const error: unknown = await work.then(
      () => assert.fail('expected a failure'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ProviderError, inspect(error));
    return error;
  };

  describe('share calls under way', () => {
    it('of one identity: one call, each with its own credentials first', async () => {
      const source = sourceAt(endpoint);
      const identities = Array.from({ length: 20 }, () => fakeIdentity());
      const list = items(secret('a'), parameter('p'));
      script = (request) =>
        request.action === 'GetParameters'
          ? { status: 200, body: { Parameters: [{ Name: 'p', Value: 'v', Version: 1 }] }, afterMs: 30 }
          : secretReply(request, 30);
      const all = await Promise.all(identities.map((identity) => source.fetch(list, identity, testContext())));
      assert.equal(all.length, 20);
      assert.deepEqual(endpoint.requests.map(({ action }) => action).sort(), ['GetParameters', 'GetSecretValue']);
      assert.ok(identities.every(({ asked }) => asked.length === 1));
    });

    it('only when the whole question is the same', async () => {
      const source = sourceAt(endpoint);
      const queries = [
        secret('a'),
        secret('b'),
        secret('a', { version: 'v' }),
        secret('a', { versionLabel: 'v' }),
        secret('a', { region: 'eu-west-1' }),
      ];
      await Promise.all(queries.map((query) => source.fetch(items(query), fakeIdentity(), testContext())));
      assert.equal(endpoint.requests.length, queries.length);
    });

    it('never with another identity', async () => {
      const source = sourceAt(endpoint);
      const keys = Array.from({ length: 10 }, (_, i) => `KEY${i}N`);
      await Promise.all(keys.map((key) => source.fetch(items(secret('a')), fakeIdentity({ key }), testContext())));
      assert.deepEqual(
        endpoint.requests.map(({ accessKeyId }) => accessKeyId).sort(),
        keys.map((key) => `${key}1`),
      );
    });

    it('never before AWS accepted the own token', async () => {
      const source = sourceAt(endpoint);
      const denied = new ProviderError('identity_denied', 'the token is not accepted');
      const first = source.fetch(items(secret('a')), fakeIdentity(), testContext());
      const intruder = fakeIdentity({ credentials: () => Promise.reject(denied) });
      const error = await rejection(source.fetch(items(secret('a')), intruder, testContext()));
      assert.equal(error.code, 'identity_denied');
      assert.equal((await first).length, 1);
    });

    it('and keep nothing when they end', async () => {
      const source = sourceAt(endpoint);
      const identity = fakeIdentity();
      await source.fetch(items(secret('a')), identity, testContext());
      await source.fetch(items(secret('a')), identity, testContext());
      assert.equal(endpoint.requests.length, 2);
    });
  });

  describe('when one is stopped', () => {
    const reason = new ProviderError('cancelled', 'the driver gave up');

    it('reject it at once with the reason, and end its calls', async () => {
      script = () => 'hang';
      const abandoned = endpoint.abandoned;
      const context = testContext();
      const pending = sourceAt(endpoint).fetch(items(secret('a'), parameter('p')), fakeIdentity(), context);
      await pause(60);
      const begin = performance.now();
      context.controller.abort(reason);
      assert.equal(await rejection(pending), reason);
      assert.ok(performance.now() - begin < 1_000);
      await pause(60);
      assert.equal(endpoint.abandoned - abandoned, 2);
    });

    it('reject it between two attempts, too', async () => {
      script = () => awsError(400, 'ThrottlingException');
      const context = testContext();
      const pending = sourceAt(endpoint, { limits: { attempts: 10 } }).fetch(
        items(secret('a')),
        fakeIdentity(),
        context,
      );
      await pause(60);
      context.controller.abort(reason);
      assert.equal(await rejection(pending), reason);
      const asked = endpoint.requests.length;
      await pause(1_200);
      assert.equal(endpoint.requests.length, asked);
    });

    it('reject it before anything is asked when it was stopped before', async () => {
      const context = testContext();
      context.controller.abort(reason);
      const identity = fakeIdentity();
      assert.equal(await rejection(sourceAt(endpoint).fetch(items(secret('a')), identity, context)), reason);
      assert.deepEqual(identity.asked, []);
    });

    it('go on with the call for the others', async () => {
      const source = sourceAt(endpoint);
      const context = testContext();
      const first = source.fetch(items(secret('a')), fakeIdentity(), context);
      const second = source.fetch(items(secret('a')), fakeIdentity(), testContext());
      await pause(10);
      context.controller.abort(reason);
      assert.equal(await rejection(first), reason);
      assert.equal((await second).length, 1);
      assert.equal(endpoint.requests.length, 1);
    });
  });

  describe('whose credentials AWS refuses', () => {
    const refusals = [
      [400, 'ExpiredTokenException'],
      [400, 'UnrecognizedClientException'],
      [403, 'InvalidClientTokenId'],
      [403, 'InvalidSignatureException'],
      [401, 'Unknown'],
    ] as const;
    for (const [status, code] of refusals) {
      it(`drop them and earn new ones, once for all objects (${status} ${code})`, async () => {
        script = (request) => (request.accessKeyId === 'AKID1' ? awsError(status, code) : secretReply(request));
        const identity = fakeIdentity();
        const fetched = await sourceAt(endpoint).fetch(items(secret('a'), secret('b')), identity, testContext());
        assert.equal(fetched.length, 2);
        assert.deepEqual([identity.asked.length, identity.dropped], [2, ['AKID1']]);
        assert.equal(endpoint.requests.length, 4);
      });
    }

    it('fail with identity_refused when new ones are refused as well', async () => {
      script = () =>
        awsError(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
      const identity = fakeIdentity();
      const error = await rejection(sourceAt(endpoint).fetch(items(secret('a'), secret('b')), identity, testContext()));
      assert.equal(error.code, 'identity_refused');
      assert.match(
        error.message,
        /^AWS refuses the credentials of role arn:aws:iam::111122223333:role\/app in us-west-2, new ones too \(UnrecognizedClientException: The security token/,
      );
      assert.equal(identity.asked.length, 2);
      assert.deepEqual([...new Set(identity.dropped)], ['AKID1', 'AKID2']);
    });

    it('do not make a mount fail that only waited for their call', async () => {
      script = (request) =>
        request.accessKeyId === 'STALE'
          ? { ...awsError(400, 'ExpiredTokenException'), afterMs: 30 }
          : secretReply(request);
      const source = sourceAt(endpoint);
      const stale = fakeIdentity({ credentials: () => Promise.resolve(credentials('STALE')) });
      const good = fakeIdentity();
      const [first, second] = await Promise.allSettled([
        source.fetch(items(secret('a')), stale, testContext()),
        source.fetch(items(secret('a')), good, testContext()),
      ]);
      assert.equal(first.status, 'rejected');
      assert.equal(second.status, 'fulfilled');
    });

    it('are not dropped for a denial', async () => {
      script = () => awsError(403, 'AccessDeniedException');
      const identity = fakeIdentity();
      const error = await rejection(sourceAt(endpoint).fetch(items(secret('a')), identity, testContext()));
      assert.equal(error.code, 'access_denied');
      assert.deepEqual([identity.asked.length, identity.dropped], [1, []]);
    });
  });

  describe('have their own time', () => {
    for (const fault of ['hang', 'stall'] as const) {
      it(`and tell object, region and host before it is over (${fault})`, async () => {
        script = () => fault;
        const begin = performance.now();
        const error = await rejection(sourceAt(endpoint).fetch(items(secret('a')), fakeIdentity(), testContext(1_000)));
        assert.ok(performance.now() - begin < 1_000);
        assert.equal(error.code, 'aws_unavailable');
        assert.match(
          error.message,
          /^objects\[0\] "a": Secrets Manager in us-west-2 \(127\.0\.0\.1\) (gave no answer|does not answer).*no whole answer within 500 ms.*check the network/,
        );
      });
    }

    it('in which a lost answer is asked for again', async () => {
      let calls = 0;
      script = (request) => ((calls += 1) === 1 ? 'hang' : secretReply(request));
      const source = sourceAt(endpoint, { limits: { attemptMs: 200 } });
      assert.equal((await source.fetch(items(secret('a')), fakeIdentity(), testContext())).length, 1);
      assert.equal(calls, 2);
    });

    it('and tell whose credentials did not come', async () => {
      const identity = fakeIdentity({ credentials: () => new Promise<AwsCredentials>(() => undefined) });
      const error = await rejection(sourceAt(endpoint).fetch(items(secret('a')), identity, testContext(400)));
      assert.equal(error.code, 'identity_unavailable');
      assert.match(
        error.message,
        /^no credentials for role arn:aws:iam::111122223333:role\/app in us-west-2 in the time/,
      );
    });
  });
});
