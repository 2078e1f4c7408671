// Runs in the image's last but one stage: fills the compile cache by doing once what a provider does. Node keeps what loading
// a program compiles, and the provider, at its end, what its mounts compiled (src/process/part-loader.ts). This program itself
// stays out of the cache: it runs without the variable, which only its children get.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const work = '/tmp/warm';
const region = 'eu-west-1';
const compileCache = { NODE_COMPILE_CACHE: '/app/cache' };

mkdirSync(`${work}/volume`, { recursive: true });
const aws = http.createServer(answer).listen(0, '127.0.0.1');
await once(aws, 'listening');
const url = `http://127.0.0.1:${aws.address().port}`;
await provide();
aws.close();
const worker = new Worker('/app/extract-worker.js', { env: compileCache });
worker.once('message', () => void worker.terminate());

/** One provider: first and repeated mounts with both identities. */
async function provide() {
  writeFileSync(`${work}/kubeconfig`, JSON.stringify(kubeconfig()));
  const flags = [`--provider-volume=${work}`, `--pod-identity-endpoint-ipv4=${url}/v1/credentials`];
  const env = { ...compileCache, KUBECONFIG: `${work}/kubeconfig`, AWS_REGION: region, AWS_ENDPOINT_URL: url };
  const words = [...process.execArgv, '/app/main.js', ...flags];
  const provider = spawn(process.execPath, words, { env, stdio: 'inherit' });
  const ended = once(provider, 'exit');
  const socket = `${work}/aws.sock`;
  while (!existsSync(socket)) {
    if (provider.exitCode !== null) throw new Error('the provider did not start');
    await sleep(10);
  }
  await call(socket, 'Version', []);
  for (const usePodIdentity of ['false', 'true', 'false', 'true']) await call(socket, 'Mount', mount(usePodIdentity));
  provider.kill('SIGTERM');
  const [code] = await ended;
  if (code !== 0) throw new Error(`the provider ended with ${code}`);
}

function mount(usePodIdentity) {
  const attributes = {
    objects:
      '[{objectName: a, objectType: secretsmanager, jmesPath: [{path: b, objectAlias: b}]}, ' +
      '{objectName: p, objectType: ssmparameter}]',
    usePodIdentity,
    'csi.storage.k8s.io/pod.name': 'pod',
    'csi.storage.k8s.io/pod.namespace': 'ns',
    'csi.storage.k8s.io/pod.uid': 'uid',
    'csi.storage.k8s.io/serviceAccount.name': 'app',
    'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(
      Object.fromEntries(['sts.amazonaws.com', 'pods.eks.amazonaws.com'].map((audience) => [audience, podToken()])),
    ),
  };
  return [JSON.stringify(attributes), 'null', `${work}/volume`, '420'];
}

/** A token as kubelet makes them, but for the signature. */
function podToken() {
  const expires = new Date(Date.now() + 3600_000);
  const claims = {
    exp: expires.getTime() / 1000,
    iss: url,
    'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'app', uid: 'uid' }, pod: { name: 'pod', uid: 'uid' } },
  };
  const parts = [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return { token: [...parts, 'none'].join('.'), expirationTimestamp: expires.toISOString() };
}

/** One gRPC call whose message has these texts as its first fields. */
async function call(socket, method, texts) {
  const fields = texts.flatMap((text, index) => {
    const bytes = Buffer.from(text);
    const length = Buffer.from([(bytes.length & 0x7f) | 0x80, bytes.length >> 7]);
    return [Buffer.from([((index + 1) << 3) | 2]), length, bytes];
  });
  const message = Buffer.concat(fields);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const session = http2.connect('http://localhost', { createConnection: () => net.connect(socket) });
  const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...headers, ':path': `/v1alpha1.CSIDriverProvider/${method}` });
  const outcome = {};
  for (const event of ['response', 'trailers']) stream.on(event, (fields) => Object.assign(outcome, fields));
  stream.resume().end(Buffer.concat([head, message]));
  await once(stream, 'close');
  session.close();
  if (outcome['grpc-status'] !== '0' && outcome['grpc-status'] !== 0) {
    throw new Error(`${method}: ${decodeURIComponent(outcome['grpc-message'] ?? 'no answer')}`);
  }
}

/** Plays Kubernetes, the Pod Identity Agent and AWS. */
async function answer(request, response) {
  request.resume();
  await once(request, 'end');
  const action = String(request.headers['x-amz-target'] ?? '').split('.')[1];
  const expires = new Date(Date.now() + 3600_000).toISOString();
  const keys = { AccessKeyId: 'id', SecretAccessKey: 'key' };
  const stages = { VersionIdsToStages: { v1: ['AWSCURRENT'] } };
  const answers = {
    GetSecretValue: { Name: 'a', VersionId: 'v1', VersionStages: ['AWSCURRENT'], SecretString: '{"b":"c"}' },
    DescribeSecret: { Name: 'a', ...stages },
    GetParameters: { Parameters: [{ Name: 'p', Type: 'String', Value: 'q', Version: 1 }], InvalidParameters: [] },
  };
  if (request.url.startsWith('/api/')) {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/app' };
    response.end(JSON.stringify({ metadata: { name: 'app', uid: 'uid', annotations } }));
  } else if (request.url.startsWith('/v1/credentials')) {
    response.end(JSON.stringify({ ...keys, Token: 'token', AccountId: '111122223333', Expiration: expires }));
  } else if (action !== undefined) {
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify(answers[action]));
  } else {
    const result = { ...keys, SessionToken: 'token', Expiration: expires };
    const credentials = Object.entries(result).map(([name, value]) => `<${name}>${value}</${name}>`);
    const inner = `<AssumeRoleWithWebIdentityResult><Credentials>${credentials.join('')}</Credentials></AssumeRoleWithWebIdentityResult>`;
    response.setHeader('content-type', 'text/xml');
    response.end(`<AssumeRoleWithWebIdentityResponse>${inner}</AssumeRoleWithWebIdentityResponse>`);
  }
}

function kubeconfig() {
  return {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: url } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
}
