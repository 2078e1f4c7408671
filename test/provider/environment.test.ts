/** Whatever the environment and the profiles of the node say: a mount's calls are decided by the process's settings alone. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import { silentLogger } from '../../src/log.js';
import { Paces } from '../../src/pace.js';
import { createSecretSource } from '../../src/provider/source.js';
import type { AwsRequestHandler } from '../../src/network/transport.js';
import { testContext } from '../support/contexts.js';
import { fakeIdentity, items, parameter, secret } from '../support/provider-fakes.js';

const hostile = {
  AWS_ACCESS_KEY_ID: 'NODEKEY',
  AWS_SECRET_ACCESS_KEY: 'node-secret',
  AWS_SESSION_TOKEN: 'node-token',
  AWS_REGION: 'sa-east-1',
  AWS_DEFAULT_REGION: 'sa-east-1',
  AWS_PROFILE: 'hostile',
  AWS_ENDPOINT_URL: 'http://hostile.example',
  AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://hostile.example',
  AWS_ENDPOINT_URL_SSM: 'http://hostile.example',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_MAX_ATTEMPTS: '1',
  AWS_RETRY_MODE: 'adaptive',
  AWS_DEFAULTS_MODE: 'nonsense',
  AWS_AUTH_SCHEME_PREFERENCE: 'bearer',
  AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'nonsense',
  AWS_SDK_UA_APP_ID: 'hostile',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://hostile.example',
};
const profile = `[profile hostile]
region = sa-east-1
endpoint_url = http://profile.example
use_fips_endpoint = true
max_attempts = 1
sdk_ua_app_id = hostile
`;

describe('the environment of the process', () => {
  const saved = { ...process.env };
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'provider-env-'));
    await writeFile(join(directory, 'config'), profile);
    const files = {
      AWS_CONFIG_FILE: join(directory, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'config'),
    };
    Object.assign(process.env, hostile, files);
  });
  after(async () => {
    for (const name of [...Object.keys(hostile), 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[name];
    }
    await rm(directory, { recursive: true });
  });

  const requestsOf = async (aws: { useFips?: boolean; useDualstack?: boolean; endpoint?: string }) => {
    const requests: HttpRequest[] = [];
    const requestHandler: AwsRequestHandler = {
      handle: (request) => {
        requests.push(request);
        // The first attempt fails: whether there is a second one is not for the environment to say.
        const statusCode = requests.length === 1 ? 500 : 200;
        const body = Buffer.from(
          statusCode === 500
            ? '{}'
            : '{"SecretString":"v","VersionId":"1","Parameters":[{"Name":"p","Value":"v","Version":1}]}',
        );
        return Promise.resolve({ response: new HttpResponse({ statusCode, headers: {}, body }) });
      },
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    };
    const { endpoint } = aws;
    const source = createSecretSource({
      aws: {
        useFips: aws.useFips ?? false,
        useDualstack: aws.useDualstack ?? false,
        stsFips: true,
        endpoints: endpoint === undefined ? {} : { secretsManager: endpoint, ssm: endpoint },
        appId: `an-app-id-of-more-than-fifty-characters-${'x'.repeat(30)}`,
      },
      requestHandler,
      failoverTimeoutMs: 5_000,
      tolerateFailoverDenied: false,
      cache: { ttlMs: 0, staleMs: 0, maxBytes: 1 },
      revalidate: 'describe',
      paces: new Paces(silentLogger),
      log: silentLogger,
    });
    const order = {
      items: items(secret('a'), parameter('p')),
      identity: fakeIdentity(),
      namespace: 'ns',
      volume: 'v',
      revalidate: false,
    };
    await source.fetch(order, testContext());
    return requests;
  };
  const hosts = (requests: readonly HttpRequest[]) => [...new Set(requests.map(({ hostname }) => hostname))].sort();

  it('decides neither host, credentials, region, attempts nor app id', async () => {
    const requests = await requestsOf({});
    assert.deepEqual(hosts(requests), ['secretsmanager.us-west-2.amazonaws.com', 'ssm.us-west-2.amazonaws.com']);
    assert.equal(requests.length, 3);
    for (const { headers, protocol } of requests) {
      assert.equal(protocol, 'https:');
      assert.match(
        headers['authorization'] ?? '',
        /Credential=AKID1\/\d+\/us-west-2\/(secretsmanager|ssm)\/aws4_request/,
      );
      assert.equal(headers['x-amz-security-token'], 'session-token');
      assert.match(headers['user-agent'] ?? '', /app\/an-app-id-of-more-than-fifty-characters-x{30}/);
      assert.doesNotMatch(headers['user-agent'] ?? '', /hostile/);
    }
  });

  it('leaves FIPS and dual-stack endpoints to the settings', async () => {
    assert.deepEqual(hosts(await requestsOf({ useFips: true })), [
      'secretsmanager-fips.us-west-2.amazonaws.com',
      'ssm-fips.us-west-2.amazonaws.com',
    ]);
    assert.deepEqual(hosts(await requestsOf({ useDualstack: true })), [
      // This name has both kinds of addresses already.
      'secretsmanager.us-west-2.amazonaws.com',
      'ssm.us-west-2.api.aws',
    ]);
  });

  it('goes to the URL of the settings, whatever else they say', async () => {
    const requests = await requestsOf({
      useFips: true,
      useDualstack: true,
      endpoint: 'http://stand-in.example:4566/base',
    });
    assert.deepEqual(hosts(requests), ['stand-in.example']);
    assert.ok(requests.every(({ port, path }) => port === 4566 && path.startsWith('/base')));
  });
});
