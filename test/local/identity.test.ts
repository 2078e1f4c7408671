/** The stand-in's STS and its check of signatures, judged by the SDK's clients. */
import assert from 'node:assert/strict';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { startStandIn } from '../../src/local/stand-in.js';
import type { StandIn } from '../../src/local/types.js';
import { roleArn, secretsManager, send, webToken } from '../support/stand-in-clients.js';
import type { ClientOptions } from '../support/stand-in-clients.js';

// The SDK's name for what STS calls InvalidIdentityToken.
const invalidToken = 'InvalidIdentityTokenException';

const store = {
  secrets: { 'eu-west-1': { db: 'value' } },
  roles: { app: {}, ci: { trust: ['team-*/runner'] } },
  serviceAccounts: { 'default/app': { role: 'app' } },
};

describe('stand-in: identity', () => {
  let standIn: StandIn;
  before(async () => {
    standIn = await startStandIn({ store });
  });
  after(() => standIn.close());

  const earn = (options: ClientOptions = {}) => webToken(standIn, options)();
  const read = async (options: ClientOptions = {}) => {
    const client = secretsManager(standIn, options);
    try {
      return await client.send(new GetSecretValueCommand({ SecretId: 'db' }));
    } finally {
      client.destroy();
    }
  };

  describe('AssumeRoleWithWebIdentity', () => {
    it('gives credentials for an hour to a service account that is annotated with the role', async () => {
      const credentials = await earn();
      assert.match(credentials.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
      const minutes = ((credentials.expiration?.getTime() ?? 0) - Date.now()) / 60_000;
      assert.ok(minutes > 58 && minutes <= 60, `${minutes} minutes`);
      assert.equal((await read({ credentials })).SecretString, 'value');
    });

    it('follows a trust policy of its own with wildcards', async () => {
      const tokenOptions = { namespace: 'team-a', serviceAccount: 'runner' };
      assert.ok(await earn({ role: 'ci', tokenOptions }));
      await assert.rejects(earn({ role: 'ci' }), { name: 'AccessDenied' });
    });

    const denied: [string, ClientOptions, string, RegExp][] = [
      [
        'a service account that the role does not trust',
        { tokenOptions: { serviceAccount: 'stranger' } },
        'AccessDenied',
        /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/,
      ],
      ['a role that is not there', { role: 'nobody' }, 'AccessDenied', /^Not authorized to perform sts:/],
      ['a role that is no ARN', { role: 'arn:aws:iam::1:user/x' }, 'ValidationError', /is invalid$/],
      ['a token of another audience', { tokenOptions: { audience: 'vault' } }, invalidToken, /audience/],
      ['a token with a spoilt signature', { tokenOptions: { broken: 'signature' } }, invalidToken, /key/],
      ['a text that is no token', { tokenOptions: { broken: 'text' } }, invalidToken, /not a valid JWT/],
      ['an expired token', { tokenOptions: { ttlSeconds: -1 } }, 'ExpiredTokenException', /^Token expired: current/],
      ['a session name over 64', { sessionName: 'x'.repeat(65) }, 'ValidationError', /less than or equal to 64$/],
      ['a session name with a slash', { sessionName: 'a/b' }, 'ValidationError', /pattern: \[\\w\+=,\.@-\]\*$/],
      ['a session name of one letter', { sessionName: 'a' }, 'ValidationError', /greater than or equal to 2$/],
    ];
    for (const [title, options, name, message] of denied) {
      it(`refuses ${title}`, async () => {
        await assert.rejects(earn(options), { name, message });
        const { status, errorCode } = standIn.requests.at(-1) ?? {};
        assert.equal(status, name === 'AccessDenied' ? 403 : 400);
        assert.equal(errorCode, name === invalidToken ? 'InvalidIdentityToken' : name);
      });
    }

    it('refuses a token that another stand-in has made', async () => {
      const other = await startStandIn({ store: {} });
      const token = other.token({ namespace: 'default', serviceAccount: 'app' });
      await other.close();
      await assert.rejects(earn({ token }), { name: invalidToken });
    });

    it('refuses a token whose claims were changed or whose algorithm is none', async () => {
      const [head = '', claims = '', signature = ''] = standIn
        .token({ namespace: 'default', serviceAccount: 'other' })
        .split('.');
      const changed = JSON.stringify(JSON.parse(Buffer.from(claims, 'base64url').toString())).replaceAll(
        'other',
        'app',
      );
      const forged = Buffer.from(changed).toString('base64url');
      const none = Buffer.from('{"alg":"none"}').toString('base64url');
      await assert.rejects(earn({ token: `${head}.${forged}.${signature}` }), { name: invalidToken });
      await assert.rejects(earn({ token: `${none}.${forged}.x` }), { name: invalidToken });
    });
  });

  describe('tokens', () => {
    const claimsOf = (token: string): unknown =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

    it('carry the claims of a token that kubelet asked for', () => {
      const token = standIn.token({ namespace: 'ns', serviceAccount: 'sa', pod: 'p', podUid: 'u', node: 'n' });
      const { sub, aud, exp, iat, ...rest } = claimsOf(token) as Record<string, unknown>;
      assert.deepEqual(
        [sub, aud, Number(exp) - Number(iat)],
        ['system:serviceaccount:ns:sa', ['sts.amazonaws.com'], 3600],
      );
      const kubernetes = rest['kubernetes.io'] as Record<string, { uid?: string }>;
      assert.deepEqual(kubernetes['pod'], { name: 'p', uid: 'u' });
      assert.deepEqual([kubernetes['namespace'], kubernetes['node']], ['ns', { name: 'n' }]);
      assert.match(kubernetes['serviceaccount']?.uid ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    });

    it('leave the claims of Kubernetes out when told to', () => {
      const token = standIn.token({ namespace: 'ns', serviceAccount: 'sa', withoutKubernetesClaims: true });
      assert.equal('kubernetes.io' in (claimsOf(token) as object), false);
    });

    it('come as the attribute that the driver sends, one for each audience', () => {
      const attribute = JSON.parse(standIn.tokensAttribute({ namespace: 'ns', serviceAccount: 'sa' })) as Record<
        string,
        { token: string; expirationTimestamp: string }
      >;
      assert.deepEqual(Object.keys(attribute), ['sts.amazonaws.com', 'pods.eks.amazonaws.com']);
      assert.match(attribute['sts.amazonaws.com']?.expirationTimestamp ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
    });
  });

  describe('credentials', () => {
    it('of nobody are not known', async () => {
      const credentials = { accessKeyId: 'ASIAUNKNOWN', secretAccessKey: 'x', sessionToken: 'y' };
      await assert.rejects(read({ credentials }), { name: 'UnrecognizedClientException' });
    });

    it('need their own session token', async () => {
      const [mine, theirs] = [await earn(), await earn()];
      const { accessKeyId, secretAccessKey } = mine;
      const name = 'UnrecognizedClientException';
      await assert.rejects(read({ credentials: { ...mine, sessionToken: theirs.sessionToken ?? '' } }), { name });
      await assert.rejects(read({ credentials: { accessKeyId, secretAccessKey } }), { name });
    });

    it('need their own secret key for the signature', async () => {
      const credentials = { ...(await earn()), secretAccessKey: 'wrong' };
      const message = /^The request signature we calculated does not match/;
      await assert.rejects(read({ credentials }), { name: 'InvalidSignatureException', message });
    });

    it('expire and are revoked when told to, and new ones are good', async () => {
      const first = await earn();
      standIn.expireCredentials();
      await assert.rejects(read({ credentials: first }), { name: 'ExpiredTokenException' });
      const second = await earn();
      assert.ok(await read({ credentials: second }));
      standIn.revokeCredentials();
      await assert.rejects(read({ credentials: second }), { name: 'UnrecognizedClientException' });
      assert.ok(await read());
    });

    it('expire by themselves', async () => {
      let now = Date.now();
      const short = await startStandIn({ store, credentialLifetimeMs: 60_000, now: () => now });
      const client = secretsManager(short, { credentials: await webToken(short)() });
      const get = () => client.send(new GetSecretValueCommand({ SecretId: 'db' }));
      assert.ok(await get());
      now += 60_000;
      await assert.rejects(get(), { name: 'ExpiredTokenException' });
      client.destroy();
      await short.close();
    });
  });

  it('refuses a request without a signature, and one that nobody would make', async () => {
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const body = '{"SecretId":"db"}';
    const unsigned = await send(standIn.urls.aws, { method: 'POST', headers, body });
    assert.deepEqual([unsigned.status, /MissingAuthenticationTokenException/.test(unsigned.body)], [400, true]);
    const unknown = await send(`${standIn.urls.aws}/x`);
    assert.deepEqual([unknown.status, unknown.body.includes('UnknownOperationException')], [404, true]);
  });

  it('serves only its own service at the URL of one service', async () => {
    const credentials = await earn();
    const client = secretsManager(standIn, { credentials });
    const get = (endpoint: string) => {
      const one = secretsManager({ ...standIn, urls: { ...standIn.urls, aws: endpoint } }, { credentials });
      return one.send(new GetSecretValueCommand({ SecretId: 'db' })).finally(() => {
        one.destroy();
      });
    };
    assert.ok(await get(standIn.urls.secretsManager));
    await assert.rejects(get(standIn.urls.ssm), { name: 'UnknownOperationException' });
    await assert.rejects(get(standIn.urls.sts), { name: 'UnknownOperationException' });
    client.destroy();
  });

  it('records who asked for what, and neither token nor value', async () => {
    standIn.clearRequests();
    const token = standIn.token({ namespace: 'default', serviceAccount: 'app' });
    const client = secretsManager(standIn, { token, sessionName: 'me' });
    await client.send(new GetSecretValueCommand({ SecretId: 'db' }));
    client.destroy();
    const [sts, get] = standIn.requests;
    assert.deepEqual(
      [sts?.service, sts?.action, sts?.region, sts?.role, sts?.sessionName, sts?.status],
      ['sts', 'AssumeRoleWithWebIdentity', undefined, roleArn('app'), 'me', 200],
    );
    assert.deepEqual(
      [get?.service, get?.action, get?.region, get?.objects, get?.role, get?.sessionName, get?.status],
      ['secretsmanager', 'GetSecretValue', 'eu-west-1', ['db'], roleArn('app'), 'me', 200],
    );
    assert.match(sts?.tokenHash ?? '', /^[0-9a-f]{64}$/);
    assert.match(get?.userAgent ?? '', /aws-sdk-js/);
    const text = JSON.stringify(standIn.requests);
    assert.equal(text.includes(token) || text.includes('value'), false);
  });
});
