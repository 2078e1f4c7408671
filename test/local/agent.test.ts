/** The stand-in's Pod Identity Agent, over plain HTTP as a pod asks it. */
import assert from 'node:assert/strict';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { startStandIn } from '../../src/local/stand-in.js';
import type { StandIn, TokenOptions } from '../../src/local/types.js';
import { roleArn, secretsManager, send } from '../support/stand-in-clients.js';

describe('stand-in: Pod Identity Agent', () => {
  let standIn: StandIn;
  before(async () => {
    standIn = await startStandIn({
      store: {
        secrets: { 'eu-west-1': { db: 'value' } },
        roles: { app: { trust: [] } },
        podIdentityAssociations: { 'default/app': 'app', 'default/lost': 'gone' },
      },
    });
  });
  after(() => standIn.close());

  const token = (options: Partial<TokenOptions> = {}) =>
    standIn.token({ namespace: 'default', serviceAccount: 'app', audience: 'pods.eks.amazonaws.com', ...options });
  const ask = (authorization: string, url = standIn.urls.agentIpv4, headers: Record<string, string> = {}) =>
    send(url, { headers: { authorization, ...headers } });

  it('gives credentials of the associated role for the raw token', async () => {
    const { status, body } = await ask(token());
    const answer = JSON.parse(body) as Record<string, string>;
    assert.equal(status, 200);
    const fields = ['AccessKeyId', 'SecretAccessKey', 'Token', 'AccountId', 'Expiration'];
    assert.deepEqual(Object.keys(answer), fields);
    assert.equal(answer['AccountId'], '111122223333');
    assert.ok(Date.parse(answer['Expiration'] ?? '') > Date.now());
    const credentials = {
      accessKeyId: answer['AccessKeyId'] ?? '',
      secretAccessKey: answer['SecretAccessKey'] ?? '',
      sessionToken: answer['Token'] ?? '',
    };
    const client = secretsManager(standIn, { credentials });
    assert.equal((await client.send(new GetSecretValueCommand({ SecretId: 'db' }))).SecretString, 'value');
    client.destroy();
    assert.deepEqual(
      standIn.requests.map(({ service, action, role }) => [service, action, role]),
      [
        ['agent', 'credentials', roleArn('app')],
        ['secretsmanager', 'GetSecretValue', roleArn('app')],
      ],
    );
  });

  it('answers at the IPv6 loopback too', async function () {
    const { agentIpv6 } = standIn.urls;
    if (agentIpv6 === undefined) return this.skip(); // A machine without IPv6.
    assert.equal((await ask(token(), agentIpv6)).status, 200);
    assert.equal(standIn.requests.at(-1)?.face, 'agent-ipv6');
    return undefined;
  });

  const refused: [string, () => string, number, RegExp][] = [
    ['no token', () => '', 400, /^Service account token cannot be empty\n$/],
    ['something that is no token', () => token({ broken: 'text' }), 400, /^Service account token cannot be parsed: /],
    ['a token behind a scheme', () => `Bearer ${token()}`, 400, /InvalidTokenException|cannot be parsed/],
    ['an expired token', () => token({ ttlSeconds: -5 }), 400, /token is expired\n$/],
    ['a token of another audience', () => token({ audience: 'sts.amazonaws.com' }), 400, /\(InvalidTokenException\): /],
    ['a spoilt signature', () => token({ broken: 'signature' }), 400, /\(InvalidTokenException\): /],
    ['a token without a pod', () => token({ withoutKubernetesClaims: true }), 400, /\(InvalidTokenException\): /],
    [
      'a service account without association',
      () => token({ serviceAccount: 'other' }),
      404,
      /\(ResourceNotFoundException\): No association found for the service account other in namespace default, fault: client\n$/,
    ],
    ['a role that is gone', () => token({ serviceAccount: 'lost' }), 400, /\(AccessDeniedException\): /],
  ];
  for (const [title, authorization, status, message] of refused) {
    it(`refuses ${title}`, async () => {
      const answer = await ask(authorization());
      assert.equal(answer.status, status);
      assert.match(answer.body, message);
    });
  }

  it('refuses a Host that is not that of its URL, and other paths', async () => {
    const strange = await ask(token(), standIn.urls.agentIpv4, { host: 'localhost' });
    assert.equal(strange.status, 403);
    assert.match(strange.body, /^Access Denied\. Called agent through invalid address/);
    assert.equal((await ask(token(), standIn.urls.agentIpv4.replace('credentials', 'x'))).status, 404);
  });

  it('follows a changed association', async () => {
    standIn.update({ podIdentityAssociations: { 'default/app': null } });
    assert.equal((await ask(token())).status, 404);
    standIn.update({ podIdentityAssociations: { 'default/app': 'app' } });
    assert.equal((await ask(token())).status, 200);
  });

  it('shows the faults of the agent and of what stands behind it', async () => {
    const error = { kind: 'error', status: 500, code: 'InternalServerException', message: 'sorry' } as const;
    standIn.fault({ service: 'agent', effect: error, times: 1 });
    standIn.fault({ face: 'agent-ipv4', effect: { kind: 'throttle' }, times: 1 });
    assert.deepEqual(await ask(token()), { status: 500, body: '(InternalServerException): sorry\n' });
    assert.deepEqual(await ask(token()), { status: 429, body: 'Too Many Requests\n' });
    assert.equal((await ask(token())).status, 200);
  });
});
