/** Whatever the environment and the profiles of the node say: STS is asked as the settings say, with the pod's token alone. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import { createIdentities } from '../../src/auth/identities.js';
import type { AwsSettings } from '../../src/aws-settings.js';
import { silentLogger } from '../../src/log.js';
import { Paces } from '../../src/pace.js';
import { testContext } from '../support/contexts.js';
import { requestOf, startScripted } from '../support/identity-servers.js';

const hostile = {
  AWS_ACCESS_KEY_ID: 'NODEKEY',
  AWS_SECRET_ACCESS_KEY: 'node-secret',
  AWS_SESSION_TOKEN: 'node-token',
  AWS_REGION: 'sa-east-1',
  AWS_DEFAULT_REGION: 'sa-east-1',
  AWS_PROFILE: 'hostile',
  AWS_ROLE_ARN: 'arn:aws:iam::999999999999:role/node',
  AWS_ROLE_SESSION_NAME: 'node',
  AWS_ENDPOINT_URL: 'http://hostile.example',
  AWS_ENDPOINT_URL_STS: 'http://hostile.example',
  AWS_STS_REGIONAL_ENDPOINTS: 'legacy',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_MAX_ATTEMPTS: '1',
  AWS_RETRY_MODE: 'nonsense',
  AWS_DEFAULTS_MODE: 'nonsense',
  AWS_AUTH_SCHEME_PREFERENCE: 'bearer',
  AWS_SDK_UA_APP_ID: 'hostile',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://hostile.example',
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/hostile',
  AWS_CONTAINER_AUTHORIZATION_TOKEN: 'node-container-token',
};
const files = [
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
] as const;
const profile = `[profile hostile]
region = sa-east-1
endpoint_url = http://profile.example
services = none
use_fips_endpoint = true
max_attempts = 1
sdk_ua_app_id = hostile
role_arn = arn:aws:iam::999999999999:role/node
web_identity_token_file = /none
[hostile]
aws_access_key_id = NODEKEY
`;
const answer = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>ASIAPOD</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;
const plain: AwsSettings = { useFips: false, useDualstack: false, stsFips: true, endpoints: {}, appId: 'ours' };

describe('identity and the environment of the process', () => {
  const saved = { ...process.env };
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'provider-env-'));
    const config = join(directory, 'config');
    await writeFile(config, profile);
    Object.assign(process.env, hostile, Object.fromEntries(files.map((name) => [name, config])));
  });
  after(async () => {
    for (const name of [...Object.keys(hostile), ...files]) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[name];
    }
    await rm(directory, { recursive: true });
  });

  /** What STS is asked for a mount in `region`; its first answer is a fault. */
  async function requestsFor(aws: AwsSettings, region: string, agentUrl = 'http://127.0.0.1:1') {
    const requests: HttpRequest[] = [];
    const identities = createIdentities({
      kubernetes: {
        serviceAccount: () =>
          Promise.resolve({
            uid: 'u',
            annotations: new Map([['eks.amazonaws.com/role-arn', 'arn:aws:iam::111122223333:role/pod']]),
          }),
        podNode: () => assert.fail('no need to read a pod'),
        nodeLabels: () => assert.fail('no need to read a node'),
      },
      aws,
      requestHandler: {
        handle: (request) => {
          requests.push(request);
          const statusCode = requests.length === 1 ? 500 : 200;
          const body = Buffer.from(statusCode === 500 ? '' : answer);
          return Promise.resolve({ response: new HttpResponse({ statusCode, headers: {}, body }) });
        },
        updateHttpClientConfig: () => undefined,
        httpHandlerConfigs: () => ({}),
      },
      podIdentity: { timeoutMs: 1000, connectTimeoutMs: 500, ipv4Url: agentUrl, ipv6Url: agentUrl },
      paces: new Paces(silentLogger),
      log: silentLogger,
    });
    const context = testContext();
    const request = requestOf({ usePodIdentity: agentUrl !== 'http://127.0.0.1:1' });
    const identity = await identities.resolveIdentity(request, context);
    const credentials = await identity.credentials(region, context);
    return { requests, context, credentials, request };
  }

  it("changes nothing: the pod's token and role go to the regional endpoint, retried and named as the settings say", async () => {
    const { requests, credentials, request } = await requestsFor(plain, 'eu-west-1');
    assert.equal(credentials.accessKeyId, 'ASIAPOD');
    assert.equal(requests.length, 2);
    for (const sent of requests) {
      assert.equal(`${sent.protocol}//${sent.hostname}${sent.path}`, 'https://sts.eu-west-1.amazonaws.com/');
      assert.equal(sent.headers['authorization'], undefined);
      const form = new URLSearchParams(String(sent.body));
      assert.equal(form.get('RoleArn'), 'arn:aws:iam::111122223333:role/pod');
      assert.equal(form.get('WebIdentityToken'), request.tokens.get('sts.amazonaws.com')?.token.revealText());
      assert.match(String(sent.headers['user-agent']), /app\/ours/);
      assert.doesNotMatch(JSON.stringify(sent), /NODEKEY|node-|hostile|999999999999|sa-east-1/);
    }
  });

  it("changes nothing for Pod Identity either: the agent gets the pod's token", async () => {
    const agent = await startScripted(() => ({
      status: 200,
      body: { AccessKeyId: 'ASIAPOD', SecretAccessKey: 's', Token: 't', Expiration: '2030-01-01T00:00:00Z' },
    }));
    try {
      const { requests, credentials, request } = await requestsFor(plain, 'eu-west-1', `${agent.url}/v1/credentials`);
      assert.equal(credentials.accessKeyId, 'ASIAPOD');
      assert.equal(requests.length, 0);
      const token = request.tokens.get('pods.eks.amazonaws.com')?.token.revealText();
      assert.deepEqual(
        agent.seen.map(({ headers }) => headers['authorization']),
        [token],
      );
    } finally {
      await agent.close();
    }
  });

  const fips = { ...plain, useFips: true };
  for (const [name, aws, region, host, warned] of [
    ['the regional endpoint, in us-east-1 too', plain, 'us-east-1', 'sts.us-east-1.amazonaws.com', false],
    ['the endpoint of another partition', plain, 'cn-north-1', 'sts.cn-north-1.amazonaws.com.cn', false],
    ['the FIPS endpoint where there is one', fips, 'us-west-2', 'sts-fips.us-west-2.amazonaws.com', false],
    ['that of GovCloud, which is FIPS', fips, 'us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com', false],
    ['the plain one and a warning where there is none', fips, 'eu-west-1', 'sts.eu-west-1.amazonaws.com', true],
    [
      'the plain one without --sts-fips',
      { ...fips, stsFips: false },
      'us-west-2',
      'sts.us-west-2.amazonaws.com',
      false,
    ],
    ['the dual-stack one', { ...plain, useDualstack: true }, 'eu-west-1', 'sts.eu-west-1.api.aws', false],
    [
      'an endpoint of the user, whatever else is set',
      { ...fips, useDualstack: true, endpoints: { sts: 'http://own.example' } },
      'eu-west-1',
      'own.example',
      false,
    ],
  ] as const) {
    it(`asks ${name}`, async () => {
      const { requests, context } = await requestsFor(aws, region);
      assert.equal(requests[0]?.hostname, host);
      assert.equal(
        context.warnings.some((warning) => /no FIPS endpoint in eu-west-1.*--sts-fips=false/.test(warning)),
        warned,
      );
    });
  }
});
