/** Pod Identity against small agents: which address is asked when, what is survived, kept, and said. */
import assert from 'node:assert/strict';
import { createIdentities } from '../../src/auth/identities.js';
import { silentLogger } from '../../src/log.js';
import { Paces } from '../../src/pace.js';
import type { AddressPreference, MountRequest } from '../../src/mount/types.js';
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
  type ScriptedServer,
} from '../support/identity-servers.js';

/** Where nothing listens. */
const nowhere = 'http://127.0.0.1:1/v1/credentials';

const granted = (name: string, expiresAt = inOneHour()): ReturnType<Script> => ({
  status: 200,
  body: {
    AccessKeyId: `ASIA${name}`,
    SecretAccessKey: `secret-${name}`,
    Token: `session-${name}`,
    AccountId: '111122223333',
    Expiration: expiresAt.toISOString(),
  },
});

describe('pod identity', () => {
  const servers: ScriptedServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function start(script: Script): Promise<ScriptedServer> {
    const server = await startScripted(script);
    servers.push(server);
    return server;
  }

  const urlOf = (server: ScriptedServer | undefined): string =>
    server === undefined ? nowhere : `${server.url}/v1/credentials`;

  function identitiesOf(ipv4?: ScriptedServer, ipv6?: ScriptedServer, timeoutMs = 2000) {
    return createIdentities({
      kubernetes: {
        serviceAccount: () => assert.fail('pod identity needs no service account'),
        podNode: () => assert.fail('no need to read a pod'),
        nodeLabels: () => assert.fail('no need to read a node'),
      },
      aws: { useFips: false, useDualstack: false, stsFips: true, endpoints: {}, appId: 'test' },
      requestHandler: {
        handle: () => assert.fail('pod identity needs no STS'),
        updateHttpClientConfig: () => undefined,
        httpHandlerConfigs: () => ({}),
      },
      podIdentity: { timeoutMs, connectTimeoutMs: 500, ipv4Url: urlOf(ipv4), ipv6Url: urlOf(ipv6) },
      paces: new Paces(silentLogger),
      log: silentLogger,
    });
  }

  const podIdentityRequest = (rest: Partial<MountRequest> = {}) => requestOf({ usePodIdentity: true, ...rest });

  async function mount(identities: ReturnType<typeof identitiesOf>, rest: Partial<MountRequest> = {}) {
    const context = testContext();
    const identity = await identities.resolveIdentity(podIdentityRequest(rest), context);
    return { context, identity, credentials: await identity.credentials('eu-west-1', context) };
  }

  /** A token of the pod that no other test request has. */
  const freshTokens = (name: string) => tokensOf(jwt({ ...claimsOf(pod, inOneHour()), jti: name }));

  it('sends the raw token to the address and path of the URL, and gives what the agent says', async () => {
    const expiresAt = inOneHour();
    const agent = await start(() => granted('a', expiresAt));
    const request = podIdentityRequest();
    const { credentials, context, identity } = await mount(identitiesOf(agent), request);
    assert.equal(credentials.accessKeyId, 'ASIAa');
    assert.equal(credentials.secretAccessKey.revealText(), 'secret-a');
    assert.equal(credentials.sessionToken.revealText(), 'session-a');
    assert.deepEqual(credentials.expiresAt, expiresAt);
    assert.equal(credentials.accountId, '111122223333');
    assert.equal(agent.seen[0]?.url, '/v1/credentials');
    assert.equal(
      agent.seen[0].headers['authorization'],
      request.tokens.get('pods.eks.amazonaws.com')?.token.revealText(),
    );
    assert.equal(agent.seen[0].headers['host'], `127.0.0.1:${agent.port}`);
    assert.equal(context.counts.agent, 1);
    assert.equal(identity.display, 'pod identity of shop/web');
    assert.doesNotMatch(JSON.stringify(credentials), /secret-a|session-a/);
  });

  it('goes by the token for its own audience, and misses no other', async () => {
    const identities = identitiesOf(await start(() => granted('a')));
    const tokens = new Map([...tokensOf('x')].slice(0, 1));
    await failsWith(mount(identities, { tokens }), 'token_missing', /audience "pods\.eks\.amazonaws\.com"/);
  });

  for (const [preference, expected] of [
    ['ipv4', [1, 0]],
    ['auto', [1, 0]],
    ['ipv6', [0, 1]],
  ] as const) {
    it(`asks one address with ${preference} when it answers`, async () => {
      const [ipv4, ipv6] = [await start(() => granted('v4')), await start(() => granted('v6'))];
      await mount(identitiesOf(ipv4, ipv6), { preferredAddressType: preference });
      assert.deepEqual([ipv4.seen.length, ipv6.seen.length], expected);
    });
  }

  it('asks the other address with auto when the first gives no answer, and that one first from then on', async () => {
    const ipv6 = await start(() => granted('v6'));
    const silent = await start((_seen, index) => (index === 0 ? 'hang' : granted('v4')));
    const identities = identitiesOf(silent, ipv6, 200);
    assert.equal((await mount(identities)).credentials.accessKeyId, 'ASIAv6');
    assert.equal((await mount(identities, { tokens: freshTokens('2') })).credentials.accessKeyId, 'ASIAv6');
    assert.deepEqual([silent.seen.length, ipv6.seen.length], [1, 2]);
    await ipv6.close();
    servers.splice(servers.indexOf(ipv6), 1);
    assert.equal((await mount(identities, { tokens: freshTokens('3') })).credentials.accessKeyId, 'ASIAv4');
  });

  for (const preference of ['ipv4', 'ipv6'] as const satisfies readonly AddressPreference[]) {
    it(`asks no other address with ${preference}`, async () => {
      const other = await start(() => granted('other'));
      const identities = preference === 'ipv4' ? identitiesOf(undefined, other) : identitiesOf(other);
      await failsWith(
        mount(identities, { preferredAddressType: preference }),
        'identity_unavailable',
        /no answer from the EKS Pod Identity Agent \(http:\/\/127\.0\.0\.1:1\/v1\/credentials: .*ECONNREFUSED/,
        /eks-pod-identity-agent/,
      );
      assert.equal(other.seen.length, 0);
    });
  }

  for (const [name, fault] of [
    ['a single 500', { status: 500, body: 'oops' }],
    ['throttling', { status: 429 }],
    ['a single answer without meaning', { status: 503, body: '<html>' }],
  ] as const) {
    it(`survives ${name} without turning to the other address`, async () => {
      const ipv6 = await start(() => granted('v6'));
      const ipv4 = await start((_seen, index) => (index === 0 ? fault : granted('v4')));
      const { credentials, context } = await mount(identitiesOf(ipv4, ipv6));
      assert.equal(credentials.accessKeyId, 'ASIAv4');
      assert.equal(ipv6.seen.length, 0);
      assert.equal(context.counts.agent, 2);
    });
  }

  it('survives an agent that is being replaced', async () => {
    const agent = await start((_seen, index) => (index === 0 ? 'reset' : granted('a')));
    const { credentials } = await mount(identitiesOf(agent), { preferredAddressType: 'ipv4' });
    assert.equal(credentials.accessKeyId, 'ASIAa');
  });

  for (const [status, body, code, remedy] of [
    [403, 'AccessDeniedException: trust', 'identity_denied', /sts:AssumeRole and sts:TagSession/],
    [400, '(AccessDeniedException): trust', 'identity_denied', /pods\.eks\.amazonaws\.com/],
    [404, 'no association', 'identity_refused', /create-pod-identity-association/],
    [400, 'token is bad', 'identity_refused', /"token is bad"/],
    [500, 'fault', 'identity_unavailable', /HTTP 500.*kubelet will try again/],
    [302, '', 'identity_unavailable', /HTTP 302/],
  ] as const) {
    it(`takes an answer of ${status} (${body}) as ${code}, finally`, async () => {
      const ipv6 = await start(() => granted('v6'));
      const ipv4 = await start(() => ({ status, body }));
      await failsWith(mount(identitiesOf(ipv4, ipv6)), code, /service account "shop\/web"/, remedy);
      assert.equal(ipv6.seen.length, 0);
      assert.equal(ipv4.seen.length, status === 500 ? 3 : 1);
    });
  }

  it('repeats neither the token nor the request id that the agent repeats', async () => {
    const id = 'd5a1f8a2-1c6e-4ec9-8cc0-6a0d4f3a1b2c';
    const agent = await start(({ headers }) => ({
      status: 400,
      body: `[${id}]: bad token ${String(headers['authorization'])}`,
    }));
    const error = await failsWith(mount(identitiesOf(agent)), 'identity_refused', /"bad token <redacted>"/);
    assert.doesNotMatch(error.message, /eyJ|d5a1f8a2/);
    assert.deepEqual(error.requestIds, [id]);
  });

  for (const [name, body] of [
    ['no JSON', 'canary'],
    ['a piece missing', { AccessKeyId: 'A', SecretAccessKey: 'canary' }],
    ['other kinds', { AccessKeyId: 1, SecretAccessKey: 'canary', Token: [] }],
    ['null', 'null'],
  ] as const) {
    it(`takes an answer with ${name} for none, without showing it`, async () => {
      const agent = await start(() => ({ status: 200, body }));
      const error = await failsWith(mount(identitiesOf(agent)), 'identity_unavailable', /without credentials/);
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /canary/);
    });
  }

  it('gives up on an answer over 64 KiB', async () => {
    const agent = await start(() => ({ status: 200, body: 'x'.repeat(70_000) }));
    await failsWith(mount(identitiesOf(agent)), 'identity_unavailable', /more than 65536 bytes/);
  });

  it('ends its request when the mount is cancelled', async () => {
    const agent = await start(() => 'hang');
    const identities = identitiesOf(agent);
    const context = testContext();
    const identity = await identities.resolveIdentity(podIdentityRequest(), context);
    const waiting = identity.credentials('eu-west-1', context);
    while (agent.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    context.controller.abort(new Error('mount cancelled'));
    await assert.rejects(waiting, /mount cancelled/);
    while (agent.abandoned() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });

  it('asks once for all regions of a mount, for mounts at once, and for the next mount of the token', async () => {
    const agent = await start((_seen, index) => ({ ...(granted(String(index)) as object), status: 200, afterMs: 20 }));
    const identities = identitiesOf(agent);
    const request = podIdentityRequest();
    const [one, two] = await Promise.all([mount(identities, request), mount(identities, request)]);
    await one.identity.credentials('us-east-1', one.context);
    await mount(identities, request);
    assert.equal(two.credentials, one.credentials);
    assert.equal(agent.seen.length, 1);
  });

  it('asks anew for another token, though it be of the same pod', async () => {
    const agent = await start((_seen, index) => granted(String(index)));
    const identities = identitiesOf(agent);
    await mount(identities);
    await mount(identities, { tokens: freshTokens('other') });
    assert.equal(agent.seen.length, 2);
  });

  it('asks anew after the credentials were dropped', async () => {
    const agent = await start((_seen, index) => granted(String(index)));
    const { identity, credentials, context } = await mount(identitiesOf(agent));
    identity.drop('eu-west-1', credentials);
    assert.equal((await identity.credentials('eu-west-1', context)).accessKeyId, 'ASIA1');
  });
});
