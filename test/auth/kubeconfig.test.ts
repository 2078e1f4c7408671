/** Where the Kubernetes API is, and as whom: in a cluster, by KUBECONFIG, or not at all. */
import assert from 'node:assert/strict';
import { loadKubernetesConnection } from '../../src/auth/find-kubernetes.js';
import { readKubeconfig } from '../../src/auth/kubeconfig.js';
import { Secret } from '../../src/secret.js';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
const inCluster = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
const inClusterFiles = { [`${folder}/token`]: 'tok', [`${folder}/ca.crt`]: 'CA' };

/** A `readFile` that knows these files alone. */
const filesOf = (files: Readonly<Record<string, string>>) => (path: string) => {
  const content = files[path];
  if (content === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
  return Buffer.from(content);
};

const configOf = (cluster: string, user: string): string => `
apiVersion: v1
kind: Config
current-context: here
contexts:
- {name: here, context: {cluster: c, user: u}}
clusters:
- {name: c, cluster: ${cluster}}
users:
- {name: u, user: ${user}}
`;

const load = (config: string, files: Readonly<Record<string, string>> = {}) =>
  loadKubernetesConnection(
    { KUBECONFIG: '/etc/kube/config' },
    filesOf({ '/etc/kube/config': config, ...files }),
    readKubeconfig,
  );

const refuses = (message: RegExp, start: () => Promise<unknown>) =>
  assert.rejects(start, { code: 'start_failed', message });

describe('the connection to Kubernetes in a cluster', () => {
  it('uses the service account, its CA and the service', async () => {
    const connection = await loadKubernetesConnection(inCluster, filesOf(inClusterFiles), readKubeconfig);
    assert.equal(connection.server.href, 'https://10.0.0.1/');
    assert.equal(connection.ca, 'CA');
    assert.deepEqual(connection.token, { file: `${folder}/token` });
    assert.equal(connection.skipTlsVerify, false);
  });

  it('goes before KUBECONFIG', async () => {
    const env = { ...inCluster, KUBECONFIG: '/etc/kube/config' };
    const files = { ...inClusterFiles, '/etc/kube/config': configOf('{server: "https://other"}', '{}') };
    assert.equal((await loadKubernetesConnection(env, filesOf(files), readKubeconfig)).server.hostname, '10.0.0.1');
  });

  it('puts an IPv6 address in brackets', async () => {
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    assert.equal(
      (await loadKubernetesConnection(env, filesOf(inClusterFiles), readKubeconfig)).server.href,
      'https://[fd00::1]:6443/',
    );
  });

  it('gives way to KUBECONFIG when the token is not mounted', async () => {
    const env = { ...inCluster, KUBECONFIG: '/etc/kube/config' };
    const files = { '/etc/kube/config': configOf('{server: "https://other"}', '{}') };
    assert.equal((await loadKubernetesConnection(env, filesOf(files), readKubeconfig)).server.hostname, 'other');
  });

  it('refuses to start without the token, naming the file', async () => {
    await refuses(/serviceaccount\/token is not readable.*or set KUBECONFIG/, () =>
      loadKubernetesConnection(inCluster, filesOf({}), readKubeconfig),
    );
  });
});

describe('the connection to Kubernetes by KUBECONFIG', () => {
  it('refuses to start when there is neither, saying what to set', async () => {
    await refuses(/neither.*KUBERNETES_SERVICE_HOST.*nor does KUBECONFIG/, () =>
      loadKubernetesConnection({}, filesOf({}), readKubeconfig),
    );
  });

  it('reads server, CA and token of the current context', async () => {
    const { server, ca, token } = await load(
      configOf(`{server: "https://k8s:6443/base", certificate-authority-data: ${btoa('PEM')}}`, '{token: 0123}'),
    );
    assert.equal(server.href, 'https://k8s:6443/base');
    assert.equal(ca, 'PEM');
    assert.ok(token !== undefined && 'value' in token && token.value.equals(new Secret('0123')));
  });

  it('finds files beside the file that names them', async () => {
    const connection = await load(
      configOf(
        '{server: "https://k8s", certificate-authority: pki/ca.pem, tls-server-name: api.internal}',
        '{tokenFile: ../token, client-certificate: me.pem, client-key: /keys/me.key}',
      ),
      { '/etc/kube/pki/ca.pem': 'CA', '/etc/kube/me.pem': 'CERT', '/keys/me.key': 'KEY' },
    );
    assert.equal(connection.ca, 'CA');
    assert.equal(connection.serverName, 'api.internal');
    assert.deepEqual(connection.token, { file: '/etc/token' });
    assert.equal(connection.clientCertificate?.certificate, 'CERT');
    assert.ok(connection.clientCertificate.key.equals(new Secret('KEY')));
  });

  it('prefers a token file to a token, as kubectl does', async () => {
    assert.deepEqual((await load(configOf('{server: "https://k8s"}', '{token: a, tokenFile: /t}'))).token, {
      file: '/t',
    });
  });

  it('takes http, a host without scheme, and insecure-skip-tls-verify', async () => {
    assert.equal((await load(configOf('{server: "http://127.0.0.1:8001"}', '{}'))).server.protocol, 'http:');
    const insecure = await load(configOf('{server: "k8s:6443", insecure-skip-tls-verify: true}', '{}'));
    assert.equal(insecure.server.href, 'https://k8s:6443/');
    assert.equal(insecure.skipTlsVerify, true);
  });

  it('merges a list of files, the first of a name wins, missing ones are skipped', async () => {
    const files = {
      '/one': 'current-context: here\nclusters: [{name: c, cluster: {server: "https://one"}}]',
      '/two': configOf('{server: "https://two"}', '{token: t}').replace('here', 'elsewhere'),
    };
    const connection = await loadKubernetesConnection(
      { KUBECONFIG: '/none:/one:/two' },
      filesOf(files),
      readKubeconfig,
    );
    assert.equal(connection.server.hostname, 'one');
    assert.ok(connection.token !== undefined);
  });

  for (const [name, config, message] of [
    ['exec', configOf('{server: "https://k"}', '{exec: {command: aws}}'), /the user uses exec, which this provider/],
    ['auth-provider', configOf('{server: "https://k"}', '{auth-provider: {name: gcp}}'), /uses auth-provider/],
    [
      'a password',
      configOf('{server: "https://k"}', '{username: me, password: canary}'),
      /^(?!.*canary).*uses username/,
    ],
    ['impersonation', configOf('{server: "https://k"}', '{as: admin}'), /uses as,/],
    ['a proxy', configOf('{server: "https://k", proxy-url: "http://p"}', '{}'), /the cluster uses proxy-url/],
    ['no server', configOf('{}', '{}'), /cluster of context "here" has no server/],
    ['a server of another scheme', configOf('{server: "ftp://k"}', '{}'), /no http or https URL: "ftp:\/\/k"/],
    ['half a client certificate', configOf('{server: "https://k"}', '{client-key-data: eA==}'), /give both/],
    [
      'a missing file',
      configOf('{server: "https://k", certificate-authority: ca}', '{}'),
      /certificate-authority is not readable: "ca"/,
    ],
    [
      'a token with a line feed',
      configOf('{server: "https://k"}', '{token: "canary\\n"}'),
      /^(?!.*canary).*token of the user holds/,
    ],
    ['no current context', 'clusters: []', /no current-context/],
    ['an unknown context', 'current-context: gone', /no "gone" among its contexts/],
    ['no YAML', 'token: [canary', /^(?!.*canary).*is not valid YAML/],
    ['a list', '- a', /is not a YAML map/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      await refuses(message, () => load(config));
    });
  }

  it('refuses a list of which no file is there', async () => {
    await refuses(/names no readable file: "\/none"/, () =>
      loadKubernetesConnection({ KUBECONFIG: '/none' }, filesOf({}), readKubeconfig),
    );
  });
});
