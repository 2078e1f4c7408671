/** IRSA against a small STS: what is sent, retried, kept and said. */
import assert from 'node:assert/strict';
import { createIdentities } from '../../src/auth/identities.js';
import { awsAnswerBytes } from '../../src/budgets.js';
import { silentLogger } from '../../src/log.js';
import { Paces } from '../../src/pace.js';
import type { MountRequest } from '../../src/mount/types.js';
import { readNetwork } from '../../src/network/network.js';
import { createTransport, type Transport } from '../../src/network/transport.js';
import { testContext } from '../support/contexts.js';
import {
  claimsOf,
  failsWith,
  inOneHour,
  jwt,
  pod,
  requestOf,
  startScripted,
  tokensOf,
  type Script,
  type ScriptedReply,
  type ScriptedServer,
} from '../support/identity-servers.js';

const role = 'arn:aws:iam::111122223333:role/app';
const requestId = '0b7f3a52-1111-2222-3333-444455556666';

function granted(name: string, expiresAt = inOneHour()): ScriptedReply {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>ASIA${name}</AccessKeyId><SecretAccessKey>secret-${name}</SecretAccessKey>
      <SessionToken>session-${name}</SessionToken><Expiration>${expiresAt.toISOString()}</Expiration></Credentials>
    <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/app/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`,
  };
}

function refusal(status: number, code: string, message = `words about ${code}`): ScriptedReply {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>${code}</Code><Message>${message}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  };
}

describe('an IAM role for a service account', () => {
  let transport: Transport;
  let sts: ScriptedServer | undefined;
  let roles: Record<string, string>;
  beforeEach(() => {
    transport = createTransport(readNetwork({}), { attemptMs: 1000 });
    roles = { 'shop/web': role };
  });
  afterEach(async () => {
    transport.close();
    await sts?.close();
    sts = undefined;
  });

  async function start(script: Script) {
    sts = await startScripted(script);
    const identities = createIdentities({
      kubernetes: {
        serviceAccount: (namespace, name) =>
          Promise.resolve({
            uid: 'u',
            annotations: new Map([['eks.amazonaws.com/role-arn', roles[`${namespace}/${name}`] ?? '']]),
          }),
        podNode: () => assert.fail('no need to read a pod'),
        nodeLabels: () => assert.fail('no need to read a node'),
      },
      aws: { useFips: false, useDualstack: false, stsFips: true, endpoints: { sts: sts.url }, appId: 'app-1.2.3' },
      requestHandler: transport.requestHandler,
      podIdentity: { timeoutMs: 1000, connectTimeoutMs: 500, ipv4Url: 'http://127.0.0.1:1', ipv6Url: 'http://[::1]:1' },
      paces: new Paces(silentLogger),
      log: silentLogger,
    });
    const mount = async (rest: Partial<MountRequest> = {}, region = 'eu-west-1') => {
      const context = testContext();
      const identity = await identities.resolveIdentity(requestOf(rest), context);
      return { context, identity, credentials: await identity.credentials(region, context) };
    };
    return { sts, identities, mount };
  }

  /** A token of the pod that no other test request has. */
  const freshTokens = (name: string, expiresAt = inOneHour()) =>
    tokensOf(jwt({ ...claimsOf(pod, expiresAt), jti: name }), expiresAt);

  it('sends role, token and who it is for, and gives what STS says', async () => {
    const expiresAt = inOneHour();
    const { sts, mount } = await start(() => granted('a', expiresAt));
    const request = requestOf();
    const { credentials, context, identity } = await mount(request);
    const form = new URLSearchParams(sts.seen[0]?.body);
    assert.equal(form.get('Action'), 'AssumeRoleWithWebIdentity');
    assert.equal(form.get('RoleArn'), role);
    assert.equal(form.get('RoleSessionName'), 'shop.web.web-0');
    assert.equal(form.get('WebIdentityToken'), request.tokens.get('sts.amazonaws.com')?.token.revealText());
    assert.match(String(sts.seen[0]?.headers['user-agent']), /app\/app-1\.2\.3/);
    assert.equal(sts.seen[0]?.headers['authorization'], undefined);
    assert.equal(credentials.accessKeyId, 'ASIAa');
    assert.equal(credentials.secretAccessKey.revealText(), 'secret-a');
    assert.equal(credentials.sessionToken.revealText(), 'session-a');
    assert.deepEqual(credentials.expiresAt, expiresAt);
    assert.equal(context.counts.sts, 1);
    assert.equal(context.notes.role, role);
    assert.equal(identity.display, `role ${role}`);
    assert.doesNotMatch(JSON.stringify(credentials), /secret-a|session-a/);
  });

  it('is asked for once by mounts at once and by the next mount of one token, and once for each region', async () => {
    const { sts, mount } = await start((_seen, index) => ({ ...granted(String(index)), afterMs: 20 }));
    const request = requestOf();
    const [one, two] = await Promise.all([mount(request), mount(request)]);
    assert.equal(one.credentials, two.credentials);
    await mount(request);
    assert.equal(sts.seen.length, 1);
    await one.identity.credentials('us-east-1', one.context);
    await one.identity.credentials('us-east-1', one.context);
    assert.equal(sts.seen.length, 2);
  });

  it('is asked for anew with another token, and with another role', async () => {
    const { sts, mount } = await start((_seen, index) => granted(String(index)));
    const request = requestOf();
    await mount(request);
    const other = await mount({ tokens: freshTokens('other') });
    assert.equal(other.credentials.accessKeyId, 'ASIA1');
    roles['shop/web'] = `${role}-new`;
    const changed = await mount(request);
    assert.equal(changed.credentials.accessKeyId, 'ASIA2');
    assert.equal(changed.context.notes.role, `${role}-new`);
    assert.equal(sts.seen.length, 3);
  });

  it('is not kept past its token, but for the rest of the mount', async () => {
    const { sts, mount } = await start((_seen, index) => granted(String(index)));
    const over = new Date(Date.now() - 1000);
    const { identity, context, credentials } = await mount({ tokens: freshTokens('over', over) });
    assert.equal(await identity.credentials('eu-west-1', context), credentials);
    assert.equal(sts.seen.length, 1);
    await mount({ tokens: freshTokens('over', over) });
    assert.equal(sts.seen.length, 2);
  });

  it('is asked for anew after its credentials were dropped', async () => {
    const { mount } = await start((_seen, index) => granted(String(index)));
    const request = requestOf();
    const { identity, context, credentials } = await mount(request);
    identity.drop('eu-west-1', credentials);
    const fresh = await identity.credentials('eu-west-1', context);
    assert.equal(fresh.accessKeyId, 'ASIA1');
    identity.drop('eu-west-1', credentials);
    assert.equal((await mount(request)).credentials, fresh);
  });

  for (const [name, fault] of [
    ['a fault of STS', refusal(500, 'InternalFailure')],
    ['throttling', refusal(400, 'Throttling')],
    ['an issuer that STS could not reach', refusal(400, 'IDPCommunicationError')],
    ['an issuer whose keys STS does not have yet', refusal(400, 'InvalidIdentityToken')],
    ['a closed connection', 'reset'],
  ] as const) {
    it(`survives ${name}`, async () => {
      const { mount } = await start((_seen, index) => (index === 0 ? fault : granted('later')));
      const { credentials, context } = await mount();
      assert.equal(credentials.accessKeyId, 'ASIAlater');
      assert.equal(context.counts.sts, 2);
    });
  }

  for (const [reply, code, attempts, patterns] of [
    [
      refusal(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'),
      'identity_denied',
      1,
      [
        /^STS in eu-west-1 for role "arn:aws:iam::111122223333:role\/app" answered AccessDenied: "Not authorized to/,
        /principal arn:aws:iam::111122223333:oidc-provider\/oidc\.eks\.eu-west-1\.amazonaws\.com\/id\/CLUSTER where/,
        /CLUSTER:sub is "system:serviceaccount:shop:web" and .*CLUSTER:aud is "sts\.amazonaws\.com"/,
      ],
    ],
    [refusal(400, 'InvalidIdentityToken'), 'identity_refused', 3, [/needs an IAM OIDC provider for oidc\.eks/]],
    [refusal(400, 'ExpiredTokenException'), 'identity_refused', 1, [/clock of the node/]],
    [refusal(403, 'RegionDisabledException'), 'identity_refused', 1, [/activate STS for eu-west-1/]],
    [refusal(403, 'IDPRejectedClaim'), 'identity_refused', 1, [/issuer refused/]],
    [refusal(400, 'ValidationError'), 'identity_refused', 1, [/check the role ARN/]],
    [refusal(503, 'ServiceUnavailable'), 'identity_unavailable', 3, [/kubelet will try again/]],
    [refusal(400, 'RequestExpired'), 'identity_unavailable', undefined, [/RequestExpired/]],
  ] as const) {
    const name = /<Code>(\w+)/.exec(JSON.stringify(reply.body))?.[1] ?? '';
    it(`takes ${name} (${reply.status}) as ${code}, with the remedy and without request ids`, async () => {
      const { sts, mount } = await start(() => reply);
      const error = await failsWith(mount(), code, ...patterns);
      assert.doesNotMatch(error.message, new RegExp(requestId));
      assert.deepEqual(error.requestIds, [requestId]);
      if (attempts !== undefined) assert.equal(sts.seen.length, attempts);
    });
  }

  it('takes a refusal without a code, but with a request id of AWS, by its status', async () => {
    const { mount } = await start(() => refusal(403, ''));
    await failsWith(mount(), 'identity_refused', /answered HTTP 403: .*check the role ARN/);
  });

  it('takes an answer that is no XML, but has a request id of AWS, by its status', async () => {
    const { mount } = await start(() => ({ status: 403, body: 'canary', headers: { 'x-amzn-requestid': requestId } }));
    const error = await failsWith(mount(), 'identity_refused', /answered HTTP 403, not in the form of its API; check/);
    assert.deepEqual(error.requestIds, [requestId]);
  });

  const ofFirewall = { 'x-firewall-request-id': requestId };
  for (const [name, reply] of [
    ['a page of a firewall', { status: 403, body: '<html>canary</html>' }],
    ['a page of a firewall with a request id of its own', { status: 403, body: '<html>canary', headers: ofFirewall }],
    ['a page of a web server', { status: 404, body: '<html>canary</html>' }],
    ['a page that is no XML', { status: 404, body: 'canary: 1 < 2' }],
    ['the log-in of a proxy', { status: 401, body: '' }],
    ['the log-in that a proxy asks for', { status: 407, body: '<html><body>canary' }],
  ] as const) {
    it(`takes ${name} (${reply.status}) as no word of AWS: identity_unavailable, with what to look at`, async () => {
      const { mount } = await start(() => reply);
      const error = await failsWith(
        mount(),
        'identity_unavailable',
        new RegExp(`^STS in eu-west-1 for role "${role}" answered HTTP ${reply.status}, not in the form of its API; `),
        /check the endpoint URL, any proxy on the way and the network path/,
      );
      assert.doesNotMatch(error.message, /canary|Unknown/);
      assert.deepEqual(error.requestIds, []);
    });
  }

  it('never repeats the token that STS repeats', async () => {
    const { mount } = await start(({ body }) =>
      refusal(400, 'ValidationError', `Value '${new URLSearchParams(body).get('WebIdentityToken') ?? ''}' is bad`),
    );
    const error = await failsWith(mount(), 'identity_refused', /Value '<redacted>' is bad/);
    assert.doesNotMatch(`${error.message} ${String(error.cause)} ${error.stack ?? ''}`, /eyJ/);
  });

  for (const [name, fault] of [
    ['no XML', { status: 200, body: 'canary' }],
    ['no credentials', { status: 200, body: '<AssumeRoleWithWebIdentityResponse/>' }],
    ['a page of a proxy', { status: 502, body: '<html>canary</html>' }],
    ['a connection that closes', 'reset'],
    ['a connection that closes within the answer', 'cut'],
  ] as const) {
    it(`takes ${name} as identity_unavailable`, async () => {
      const { mount } = await start(() => fault);
      const error = await failsWith(mount(), 'identity_unavailable', /STS in eu-west-1/);
      assert.doesNotMatch(error.message, /canary/);
    });
  }

  it('reads no endless answer', async () => {
    const { mount } = await start(() => ({ status: 200, body: ' '.repeat(awsAnswerBytes + 1) }));
    await failsWith(mount(), 'identity_unavailable', /STS in eu-west-1.*"more than 1048576 bytes"; check/);
    assert.equal(sts?.seen.length, 1);
  });

  it('ends its request when the mount is cancelled', async () => {
    const { sts, identities } = await start(() => 'hang');
    const context = testContext();
    const identity = await identities.resolveIdentity(requestOf(), context);
    const waiting = identity.credentials('eu-west-1', context);
    while (sts.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    context.controller.abort(new Error('mount cancelled'));
    await assert.rejects(waiting, /mount cancelled/);
    while (sts.abandoned() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(sts.seen.length, 1, 'nobody waits, so nobody asks again');
  });

  it('leaves a cancelled mount, and goes on for the one beside it', async () => {
    const { sts, identities } = await start(() => ({ ...granted('a'), afterMs: 60 }));
    const request = requestOf();
    const contexts = [testContext(), testContext()] as const;
    const [one, two] = await Promise.all(
      contexts
        .map(async (context) => (await identities.resolveIdentity(request, context)).credentials('x-1', context))
        .map((work, index) => {
          if (index === 0)
            setTimeout(() => {
              contexts[0].controller.abort(new Error('cancelled'));
            }, 20);
          return work.then(
            ({ accessKeyId }) => accessKeyId,
            (error: unknown) => String(error),
          );
        }),
    );
    assert.deepEqual([one, two], ['Error: cancelled', 'ASIAa']);
    assert.equal(sts.seen.length, 1);
  });

  it('is not asked for without a token, nor is Kubernetes', async () => {
    const { sts, mount } = await start(() => granted('a'));
    await failsWith(mount({ tokens: new Map() }), 'token_missing', /audience "sts\.amazonaws\.com"/);
    assert.equal(sts.seen.length, 0);
  });
});
