/** Faults, latencies, quotas and real host names of the stand-in, as the SDK's clients meet them. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { startStandIn } from '../../src/local/stand-in.js';
import type { FaultEffect, StandIn } from '../../src/local/types.js';
import { readNetwork } from '../../src/network/network.js';
import { createTransport } from '../../src/network/transport.js';
import { parameterStore, roleArn, secretsManager, send, webToken } from '../support/stand-in-clients.js';
import type { ClientOptions } from '../support/stand-in-clients.js';

const regions = ['eu-west-1', 'us-east-1', 'us-gov-west-1'];
const perRegion = <T>(content: T) => Object.fromEntries(regions.map((region) => [region, content]));

describe('stand-in: faults and faces', () => {
  let standIn: StandIn;
  let client: SecretsManagerClient;
  before(async () => {
    standIn = await startStandIn({
      store: {
        secrets: perRegion({ a: 'A', b: 'B' }),
        parameters: perRegion({ p: 'P' }),
        roles: { app: {} },
        serviceAccounts: { 'default/app': { role: 'app' } },
      },
    });
    client = secretsManager(standIn);
    await client.config.credentials();
  });
  afterEach(() => {
    standIn.clearFaults();
    standIn.setLatencies({});
    standIn.clearRequests();
  });
  after(async () => {
    client.destroy();
    await standIn.close();
  });

  const get = (SecretId: string, by = client, abortSignal?: AbortSignal) =>
    by.send(new GetSecretValueCommand({ SecretId }), abortSignal ? { abortSignal } : {});
  const using = async <T>(options: ClientOptions, work: (one: SecretsManagerClient) => Promise<T>) => {
    const one = secretsManager(standIn, options);
    try {
      return await work(one);
    } finally {
      one.destroy();
    }
  };
  const timed = async (work: Promise<unknown>) => {
    const start = performance.now();
    await work;
    return performance.now() - start;
  };

  describe('a fault', () => {
    it('answers with the status, code and message that were asked for, to the requests that fit', async () => {
      const effect = { kind: 'error', status: 503, code: 'InternalServiceError', message: 'down' } as const;
      const fault = standIn.fault({ service: 'secretsmanager', region: 'eu-west-1', object: 'a', effect });
      await assert.rejects(get('a'), { name: 'InternalServiceError', message: 'down' });
      assert.equal((await get('b')).SecretString, 'B');
      await using({ region: 'us-east-1' }, async (other) => {
        assert.equal((await get('a', other)).SecretString, 'A');
      });
      fault.remove();
      assert.equal((await get('a')).SecretString, 'A');
      assert.equal(fault.hits, 1);
    });

    it('is over after the given number of requests, so that a retry passes', async () => {
      const fault = standIn.fault({ action: 'GetSecretValue', effect: { kind: 'throttle' }, times: 2 });
      await using({ maxAttempts: 3 }, async (patient) => {
        assert.equal((await get('a', patient)).$metadata.attempts, 3);
      });
      assert.equal(fault.hits, 2);
      assert.deepEqual(
        standIn.requests.filter(({ service }) => service === 'secretsmanager').map(({ status }) => status),
        [400, 400, 200],
      );
    });

    const effects: [string, FaultEffect, { name?: string; message?: RegExp; code?: string }][] = [
      ['throttles', { kind: 'throttle' }, { name: 'ThrottlingException', message: /^Rate exceeded$/ }],
      ['throttles with 429', { kind: 'throttle', status: 429 }, { name: 'ThrottlingException' }],
      ['closes the connection', { kind: 'close' }, { code: 'ECONNRESET' }],
      ['answers garbage', { kind: 'garbage' }, { name: 'SyntaxError' }],
    ];
    for (const [title, effect, error] of effects) {
      it(title, async () => {
        standIn.fault({ service: 'secretsmanager', effect });
        await assert.rejects(get('a'), error);
      });
    }

    it('hangs until the client gives up', async () => {
      standIn.fault({ object: 'a', effect: { kind: 'hang' } });
      await assert.rejects(get('a', client, AbortSignal.timeout(100)), { name: 'AbortError' });
      assert.equal(standIn.requests.at(-1)?.status, undefined);
    });

    it('delays an answer', async () => {
      standIn.fault({ object: 'a', effect: { kind: 'delay', delayMs: 120 } });
      assert.ok((await timed(get('a'))) >= 115);
      assert.ok((await timed(get('b'))) < 100);
    });

    it('of STS speaks XML', async () => {
      const effect = { kind: 'error', status: 400, code: 'IDPCommunicationError', message: 'later' } as const;
      standIn.fault({ service: 'sts', role: roleArn('app'), effect, times: 1 });
      await assert.rejects(webToken(standIn)(), { name: 'IDPCommunicationErrorException', message: 'later' });
      standIn.fault({ service: 'sts', effect: { kind: 'throttle' }, times: 1 });
      await assert.rejects(webToken(standIn)(), { name: 'Throttling' });
    });
  });

  it('waits before it answers, each service its own time', async () => {
    standIn.setLatencies({ aws: 60, sts: 1, agent: 5 });
    assert.ok((await timed(webToken(standIn)())) < 55);
    assert.ok((await timed(get('a'))) >= 58);
    standIn.setLatencies({ aws: 30 });
    assert.ok((await timed(webToken(standIn)())) >= 28);
  });

  it('throttles above the quota of an account and region, and recovers', async () => {
    const limited = await startStandIn({
      store: { parameters: perRegion({ p: 'P' }), roles: { app: { trust: ['default/*'] } } },
      requestsPerSecond: { ssm: 3 },
    });
    const [west, east] = [parameterStore(limited), parameterStore(limited, { region: 'us-east-1' })];
    const ask = (by = west) => by.send(new GetParametersCommand({ Names: ['p'] }));
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => ask()));
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => String(reason));
    assert.deepEqual(
      failures,
      Array.from({ length: 2 }, () => 'ThrottlingException: Rate exceeded'),
    );
    assert.ok(await ask(east));
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.ok(await ask());
    west.destroy();
    east.destroy();
    await limited.close();
  });

  describe("behind AWS's own host names", () => {
    it('serves all three services over TLS through the proxy, on connections that are kept', async () => {
      // An answer within a tenth of a millisecond comes before some clients have their request out of the way.
      standIn.setLatencies({ aws: 2 });
      const transport = createTransport(readNetwork(standIn.environment({ realHostNames: true })));
      await using({ requestHandler: transport.requestHandler }, async (real) => {
        await get('a', real);
        await get('b', real);
      });
      transport.close();
      const [sts, first, second] = standIn.requests;
      assert.deepEqual([sts?.face, sts?.host, sts?.region], ['aws-tls', 'sts.eu-west-1.amazonaws.com', 'eu-west-1']);
      assert.deepEqual([first?.host, first?.region], ['secretsmanager.eu-west-1.amazonaws.com', 'eu-west-1']);
      assert.equal(first?.connection, second?.connection);
      assert.notEqual(first?.connection, sts?.connection);
      assert.deepEqual(
        standIn.connects.map(({ authority, accepted }) => [authority, accepted]),
        [
          ['sts.eu-west-1.amazonaws.com:443', true],
          ['secretsmanager.eu-west-1.amazonaws.com:443', true],
        ],
      );
      const parameters = parameterStore(standIn, { realHostNames: true, region: 'us-gov-west-1' });
      const answer = await parameters.send(new GetParametersCommand({ Names: ['p'] }));
      assert.equal(answer.Parameters?.[0]?.Value, 'P');
      parameters.destroy();
    });

    it('knows the FIPS and dual-stack names', async () => {
      await using({ realHostNames: true, useFipsEndpoint: true, region: 'us-east-1' }, (real) => get('a', real));
      assert.equal(standIn.requests.at(-1)?.host, 'secretsmanager-fips.us-east-1.amazonaws.com');
      const parameters = parameterStore(standIn, { realHostNames: true, useDualstackEndpoint: true });
      await parameters.send(new GetParametersCommand({ Names: ['p'] }));
      parameters.destroy();
      assert.equal(standIn.requests.at(-1)?.host, 'ssm.eu-west-1.api.aws');
    });

    it('has no FIPS endpoint of STS where AWS has none', async () => {
      const fips = { realHostNames: true, useFipsEndpoint: true };
      assert.ok(await webToken(standIn, { ...fips, region: 'us-east-1' })());
      await assert.rejects(webToken(standIn, { ...fips, region: 'eu-west-1' })());
      assert.deepEqual(standIn.connects.at(-1)?.accepted, false);
    });

    it('plays a fault of the STS of one region', async () => {
      const effect = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
      standIn.fault({ service: 'sts', region: 'us-east-1', effect });
      assert.ok(await webToken(standIn, { realHostNames: true })());
      await assert.rejects(webToken(standIn, { realHostNames: true, region: 'us-east-1' })(), { name: 'AccessDenied' });
    });

    it('refuses a signature for another region than that of the host', async () => {
      standIn.clearRequests();
      const credentials = await webToken(standIn)();
      await using({ realHostNames: true, credentials }, async (real) => {
        real.middlewareStack.add(
          (next) => (args) => {
            const signed = args.request as { headers: Record<string, string> };
            const authorization = signed.headers['authorization'] ?? '';
            signed.headers['authorization'] = authorization.replace('/eu-west-1/', '/us-east-1/');
            return next(args);
          },
          { step: 'finalizeRequest', priority: 'low' },
        );
        const expected = {
          name: 'InvalidSignatureException',
          message: /^Credential should be scoped to a valid region/,
        };
        await assert.rejects(get('a', real), expected);
      });
    });

    it('leads nowhere else, and says who tried', async () => {
      const { hostname, port } = new URL(standIn.urls.proxy);
      const socket = net.connect(Number(port), hostname);
      socket.write('CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n');
      const answer = await new Promise((resolve) =>
        socket.once('data', (data) => {
          resolve(String(data));
        }),
      );
      socket.destroy();
      assert.match(String(answer), /^HTTP\/1\.1 502 /);
      const plain = await send(standIn.urls.proxy, { headers: { host: '169.254.170.23' } });
      assert.equal(plain.status, 403);
      assert.deepEqual(
        standIn.connects.map(({ authority, accepted }) => [authority, accepted]),
        [
          ['example.com:443', false],
          ['169.254.170.23', false],
        ],
      );
    });
  });

  it('gives the environment and flags that a provider needs', () => {
    const { urls, files, flags } = standIn;
    assert.deepEqual(standIn.environment(), { KUBECONFIG: files.kubeconfig, AWS_ENDPOINT_URL: urls.aws });
    assert.deepEqual(standIn.environment({ realHostNames: true }), {
      KUBECONFIG: files.kubeconfig,
      HTTPS_PROXY: urls.proxy,
      SSL_CERT_FILE: files.ca,
    });
    assert.equal(flags[0], `--pod-identity-endpoint-ipv4=${urls.agentIpv4}`);
  });

  it('closes at once, with requests in flight and connections open', async () => {
    const other = await startStandIn({ store: { roles: { app: { trust: ['*'] } } } });
    other.fault({ effect: { kind: 'hang' } });
    const hanging = assert.rejects(webToken(other)());
    while (other.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok((await timed(other.close())) < 1000);
    await hanging;
    await assert.rejects(send(other.urls.aws));
  });
});
