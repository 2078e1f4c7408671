/** The reader of the Kubernetes API against a small server: what it asks, when it asks again, and what it says when it fails. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import type { KubernetesConnection } from '../../src/auth/kubernetes-connection.js';
import { createKubernetesApi, type KubernetesApiOptions } from '../../src/auth/kubernetes.js';
import { Secret } from '../../src/secret.js';
import { testContext } from '../support/contexts.js';
import { failsWith, startScripted, type Script, type ScriptedServer } from '../support/identity-servers.js';
import { refuses } from '../support/requests.js';

const account = { metadata: { uid: 'u1', annotations: { role: 'r', bad: 1 } } };
const found: Script = () => ({ status: 200, body: account });
const status = (code: number, headers = {}) => ({ status: code, body: { message: `words of ${code}` }, headers });

describe('the Kubernetes API', () => {
  const servers: ScriptedServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function start(
    script: Script,
    rest: Partial<KubernetesConnection> = {},
    limits: Omit<KubernetesApiOptions, 'connection'> = { qps: -1, burst: 1 },
  ) {
    const server = await startScripted(script);
    servers.push(server);
    const connection = { server: new URL(server.url), skipTlsVerify: false, ...rest };
    return { server, api: createKubernetesApi({ connection, ...limits }) };
  }

  it('gives uid and annotations of a service account', async () => {
    const { server, api } = await start(found, { token: { value: new Secret('my-token') } });
    const context = testContext();
    const answer = await api.serviceAccount('shop', 'web', context);
    assert.deepEqual(answer, { uid: 'u1', annotations: new Map([['role', 'r']]) });
    assert.equal(server.seen[0]?.url, '/api/v1/namespaces/shop/serviceaccounts/web');
    assert.equal(server.seen[0].headers['authorization'], 'Bearer my-token');
    assert.equal(context.counts.kubernetes, 1);
  });

  it('gives the node of a pod, and the labels of a node', async () => {
    const { server, api } = await start(({ url }) => ({
      status: 200,
      body: url.includes('pods') ? { spec: { nodeName: 'n1' } } : { metadata: { labels: { zone: 'a' } } },
    }));
    assert.equal(await api.podNode('shop', 'web-0', testContext()), 'n1');
    assert.deepEqual(await api.nodeLabels('n1', testContext()), new Map([['zone', 'a']]));
    assert.deepEqual(
      server.seen.map(({ url }) => url),
      ['/api/v1/namespaces/shop/pods/web-0', '/api/v1/nodes/n1'],
    );
    assert.match(String(server.seen[1]?.headers['accept']), /PartialObjectMetadata.*,application\/json$/);
  });

  it('keeps the path of a server that stands behind one', async () => {
    const server = await startScripted(found);
    servers.push(server);
    const connection = { server: new URL(`${server.url}/k8s/cluster/`), skipTlsVerify: false };
    await createKubernetesApi({ connection, qps: -1, burst: 1 }).serviceAccount('shop', 'web', testContext());
    assert.equal(server.seen[0]?.url, '/k8s/cluster/api/v1/namespaces/shop/serviceaccounts/web');
  });

  it('finds a server that is given by name', async () => {
    const server = await startScripted(found);
    servers.push(server);
    const connection = { server: new URL(server.url.replace('127.0.0.1', 'localhost')), skipTlsVerify: false };
    const api = createKubernetesApi({ connection, qps: -1, burst: 1 });
    assert.equal((await api.serviceAccount('shop', 'web', testContext()))?.uid, 'u1');
    assert.match(String(server.seen[0]?.headers['host']), /^localhost:/);
  });

  it('gives nothing for what does not exist, asking once', async () => {
    const { server, api } = await start(() => status(404));
    assert.equal(await api.serviceAccount('shop', 'web', testContext()), undefined);
    assert.equal(await api.podNode('shop', 'web-0', testContext()), undefined);
    assert.equal(await api.nodeLabels('n1', testContext()), undefined);
    assert.equal(server.seen.length, 3);
  });

  it('asks once for equal look-ups in flight, and again afterwards', async () => {
    const { server, api } = await start(() => ({ status: 200, body: account, afterMs: 30 }));
    const contexts = Array.from({ length: 5 }, () => testContext());
    await Promise.all(contexts.map((context) => api.serviceAccount('shop', 'web', context)));
    assert.equal(server.seen.length, 1);
    assert.equal(
      contexts.map(({ counts }) => counts.kubernetes).reduce((sum, count) => sum + count),
      1,
    );
    await api.serviceAccount('shop', 'web', testContext());
    assert.equal(server.seen.length, 2);
  });

  it('uses one connection for look-ups in turn', async () => {
    const { server, api } = await start(found);
    for (let index = 0; index < 5; index += 1) await api.serviceAccount('shop', 'web', testContext());
    assert.equal(server.connections(), 1);
  });

  it('uses few connections for any number of look-ups, and ends them when they are idle', async () => {
    const { server, api } = await start(found, {}, { qps: -1, burst: 1, idleMs: 50 });
    const names = Array.from({ length: 60 }, (_, index) => `sa-${index}`);
    await Promise.all(names.map((name) => api.serviceAccount('shop', name, testContext())));
    const opened = server.connections();
    assert.ok(opened <= 16, `${opened} connections`);
    await sleep(200);
    await api.serviceAccount('shop', 'web', testContext());
    assert.equal(server.connections(), opened + 1);
  });

  it('ends the request when the last mount that waits for it is cancelled', async () => {
    const { server, api } = await start(() => 'hang');
    const [one, other] = [testContext(), testContext()];
    const waits = [one, other].map((context) => api.serviceAccount('shop', 'web', context));
    while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    one.controller.abort(new Error('first cancelled'));
    await assert.rejects(waits[0] ?? assert.fail(), /first cancelled/);
    assert.equal(server.abandoned(), 0);
    other.controller.abort(new Error('second cancelled'));
    await assert.rejects(waits[1] ?? assert.fail(), /second cancelled/);
    while (server.abandoned() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });

  for (const [name, fault] of [
    ['a fault of the server', status(500)],
    ['throttling', status(429, { 'retry-after': '0' })],
    ['a closed connection', 'reset'],
    ['a connection that closes within the answer', 'cut'],
  ] as const) {
    it(`survives ${name}`, async () => {
      const { server, api } = await start((seen, index) => (index === 0 ? fault : found(seen, index)));
      const context = testContext();
      assert.equal((await api.serviceAccount('shop', 'web', context))?.uid, 'u1');
      assert.equal(server.seen.length, 2);
      assert.equal(context.counts.kubernetes, 2);
    });
  }

  it('gives up after three attempts, with what was said', async () => {
    const { server, api } = await start(() => status(503));
    await failsWith(
      api.serviceAccount('shop', 'web', testContext()),
      'kubernetes_unavailable',
      /service account "shop\/web" \(HTTP 503: "words of 503"\)/,
    );
    assert.equal(server.seen.length, 3);
  });

  it('does not wait for a server that wants more time than a mount has', async () => {
    const { server, api } = await start(() => status(429, { 'retry-after': '3600' }));
    await failsWith(api.nodeLabels('n1', testContext()), 'kubernetes_unavailable', /node "n1" \(HTTP 429/);
    assert.equal(server.seen.length, 1);
  });

  it('says which permission is missing, asking once', async () => {
    const { server, api } = await start(() => status(403));
    await failsWith(
      api.podNode('shop', 'web-0', testContext()),
      'kubernetes_denied',
      /read pod "shop\/web-0" \(HTTP 403: "words of 403"\); allow the provider's ClusterRole the verb get on pods/,
    );
    assert.equal(server.seen.length, 1);
  });

  for (const [name, body] of [
    ['no JSON', 'canary <html>'],
    ['a list', '[]'],
    ['more than a megabyte', `"${'x'.repeat(1024 * 1024)}"`],
  ] as const) {
    it(`takes ${name} for no answer, and does not show it`, async () => {
      const { api } = await start(() => ({ status: 200, body }));
      const error = await failsWith(api.serviceAccount('shop', 'web', testContext()), 'kubernetes_unavailable');
      assert.doesNotMatch(error.message, /canary/);
    });
  }

  it('waits for its turn, and leaves the queue with a cancelled mount', async () => {
    const { server, api } = await start(found, {}, { qps: 1, burst: 1 });
    await api.serviceAccount('shop', 'web', testContext());
    const context = testContext();
    const waiting = api.serviceAccount('shop', 'other', context);
    context.controller.abort(new Error('cancelled in the queue'));
    await assert.rejects(waiting, /cancelled in the queue/);
    assert.equal(server.seen.length, 1);
    assert.equal(context.counts.kubernetes, 0);
  });

  for (const name of ['', '.', '..', 'a/b', 'a%2fb']) {
    it(`asks for no object named ${JSON.stringify(name)}`, async () => {
      const { server, api } = await start(found);
      await failsWith(api.serviceAccount('shop', name, testContext()), 'invalid_request', /no Kubernetes object/);
      assert.equal(server.seen.length, 0);
    });
  }

  it('is reached directly, whatever the proxy variables say', async () => {
    const { server, api } = await start(found);
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'NODE_USE_ENV_PROXY'];
    const saved = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : 'http://127.0.0.1:1';
    try {
      await api.serviceAccount('shop', 'web', testContext());
    } finally {
      for (const [name, value] of saved) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
    assert.equal(server.seen.length, 1);
  });
});

describe("the provider's own token", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'provider-token-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is read from its file, and again at once when the API refuses it', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'old\n');
    const server = await startScripted(({ headers }) =>
      headers['authorization'] === 'Bearer new' || index.old ? { status: 200, body: account } : status(401),
    );
    const index = { old: true };
    try {
      const connection = { server: new URL(server.url), token: { file }, skipTlsVerify: false };
      const api = createKubernetesApi({ connection, qps: -1, burst: 1 });
      await api.serviceAccount('shop', 'web', testContext());
      await writeFile(file, 'new\n');
      index.old = false;
      await api.serviceAccount('shop', 'web', testContext());
      const sent = server.seen.map(({ headers }) => headers['authorization']);
      assert.deepEqual(sent, ['Bearer old', 'Bearer old', 'Bearer new']);
    } finally {
      await server.close();
    }
  });

  it('is asked for twice at most when the API refuses what the file holds', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'canary');
    const server = await startScripted(() => status(401));
    try {
      const connection = { server: new URL(server.url), token: { file }, skipTlsVerify: false };
      const api = createKubernetesApi({ connection, qps: -1, burst: 1 });
      const failure = await failsWith(
        api.serviceAccount('shop', 'web', testContext()),
        'kubernetes_denied',
        /HTTP 401.*check its service account token/,
      );
      assert.doesNotMatch(failure.message, /canary/);
      assert.equal(server.seen.length, 2);
    } finally {
      await server.close();
    }
  });

  it('is missed with the name of its file', async () => {
    const connection = { server: new URL('http://127.0.0.1:1'), token: { file: '/none' }, skipTlsVerify: false };
    const api = createKubernetesApi({ connection, qps: -1, burst: 1 });
    await failsWith(api.nodeLabels('n', testContext()), 'kubernetes_unavailable', /token file "\/none" cannot be read/);
  });
});

describe('the Kubernetes API over TLS', () => {
  let server: ScriptedServer;
  let ca: string;
  before(async () => {
    const pems = await generate([{ name: 'commonName', value: 'api.test' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'api.test' }] }],
    });
    ca = pems.cert;
    server = await startScripted(found, { key: pems.private, cert: pems.cert });
  });
  after(() => server.close());

  const read = (connection: Partial<KubernetesConnection>) =>
    createKubernetesApi({
      connection: { server: new URL(server.url), skipTlsVerify: false, ...connection },
      qps: -1,
      burst: 1,
    }).serviceAccount('shop', 'web', testContext());

  it('is trusted by its CA under the name in its certificate', async () => {
    assert.equal((await read({ ca, serverName: 'api.test' }))?.uid, 'u1');
  });

  it('is not trusted without its CA, or under another name', async () => {
    await failsWith(read({ serverName: 'api.test' }), 'kubernetes_unavailable', /self-signed certificate/);
    await failsWith(read({ ca, serverName: 'other.test' }), 'kubernetes_unavailable', /does not match/);
  });

  it('is trusted blindly when the configuration says so', async () => {
    assert.equal((await read({ skipTlsVerify: true }))?.uid, 'u1');
  });

  it('refuses to start with a client certificate that is none, without showing the key', () => {
    const clientCertificate = { certificate: 'no PEM', key: new Secret('canary') };
    refuses('start_failed', /^(?!.*canary).*certificates for the Kubernetes API cannot be used/, () =>
      createKubernetesApi({
        connection: { server: new URL(server.url), skipTlsVerify: false, clientCertificate },
        qps: 1,
        burst: 1,
      }),
    );
  });
});
