/** A fresh installation: chart with driver, all examples, both identities, both writers, rotation, sync, and its end. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import {
  driver,
  helmInstall,
  helmUninstall,
  namespace,
  ourChart,
  provider,
  providerValues,
  release,
  root,
  withDriver,
} from './support/charts.js';
import { aws } from './support/hooks.js';
import { apply, get, kubectl, list, until, type KubernetesObject } from './support/kubernetes.js';
import { filesOf, type Pod } from './support/pods.js';
import { assertSeen, example, leavePods, md5, objectsWith, rotate, startWatching } from './support/world.js';
import type { Watcher } from './support/pods.js';

const selector = 'app=secrets-store-csi-driver-provider-aws';
const values = { ...providerValues, ...withDriver };

/** By example: its deployment, and the values that its files must hold. */
const mounted: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
  irsa: [
    'web',
    { shop_database: 'postgres://web:made-up-horse-battery@db.shop.internal:5432/shop', 'log-level': 'info' },
  ],
  'pod-identity': ['billing', { 'payment-api-key': 'made-up-key-4711' }],
  'failover-region': ['orders', { 'queue-password': 'made-up-orders-password' }],
  'failover-object': [
    'search',
    { 'search-key': 'made-up-search-key-ireland', 'search-host': 'search.ireland.shop.internal' },
  ],
  jmespath: [
    'catalog',
    {
      'catalog.json':
        '{"username": "catalog", "password": "made-up-catalog-password", "replicas": [{"host": "replica-1.shop.internal", "port": 5432}]}',
      'db-username': 'catalog',
      'db-password': 'made-up-catalog-password',
      'db-replica-host': 'replica-1.shop.internal',
    },
  ],
  'versions-and-labels': [
    'reports',
    {
      'signing-key': 'made-up-signing-key-of-2025',
      'signing-key-previous': 'made-up-signing-key-of-2024',
      'signing-key-first': 'made-up-signing-key-of-2023',
      'report-template-v1': 'Report of the first kind',
      'report-template-stable': 'Report of the second kind',
    },
  ],
  subdirectories: [
    'ingress',
    {
      'tls/tls.crt': '-----BEGIN CERTIFICATE-----\nmade up, no certificate at all\n-----END CERTIFICATE-----\n',
      'tls/tls.key': 'made-up-private-key',
      'shop/ingress/limits/requests': '100',
    },
  ],
  'sync-to-kubernetes-secret': [
    'mail',
    {
      shop_smtp: '{"user": "mailer", "password": "made-up-smtp-password"}',
      'smtp-user': 'mailer',
      'smtp-password': 'made-up-smtp-password',
    },
  ],
  'secret-through-parameter-store': ['warehouse', { 'warehouse-password': 'made-up-warehouse-password' }],
};

const cart = { 'session-key': 'made-up-session-key', 'cart-limit': '25' };

function sums(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([name, value]) => [name, md5(value)]));
}

async function providerPod(): Promise<Pod> {
  const pods = await list<Pod>('pods', '-n', namespace, '-l', selector);
  const [pod] = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  assert.ok(pod, 'there is a pod of the provider');
  return pod;
}

/** Values of the store, and tokens. */
const secretText = /made-up|eyJ/;

interface MountEvent extends KubernetesObject {
  readonly message: string;
  readonly involvedObject: { readonly name: string };
}

/** The message of the event that tells of a failed mount, with this status, of a pod whose name begins so. */
function failedMount(pod: string, status: string): Promise<string> {
  return until(`an event of ${pod} with ${status}`, async () => {
    const events = await list<MountEvent>('events', '-n', 'shop', '--field-selector=reason=FailedMount');
    const event = events.find(
      ({ involvedObject, message }) => involvedObject.name.startsWith(pod) && message.includes(status),
    );
    return event?.message;
  });
}

interface SecretObject extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>;
}

async function syncedPassword(): Promise<string> {
  const { data } = await get<SecretObject>('secret', 'smtp', '-n', 'shop');
  return Buffer.from(data['password'] ?? '', 'base64').toString('utf8');
}

describe('a fresh installation', () => {
  let watcher: Watcher;

  it('comes up with the driver by one helm install', async () => {
    await helmInstall('install', await ourChart(), values);
  });

  it('answers its probes', async () => {
    const { status } = await providerPod();
    for (const where of ['readyz', 'healthz']) {
      const answer = await fetch(`http://${status.podIP}:8989/${where}`);
      assert.equal(`${answer.status} ${(await answer.text()).trim()}`, '200 ok');
    }
  });

  it('starts pods of every example', async () => {
    const folders = readdirSync(path.join(root, 'examples'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    // Those that are not in the table stand in tests of their own below.
    assert.deepEqual(folders.sort(), [...Object.keys(mounted), 'driver-writes', 'mistake'].sort());
    await apply(
      Object.keys(mounted)
        .map((folder) => example(folder))
        .join('\n---\n'),
    );
    const names = Object.values(mounted).map(([name]) => `deploy/${name}`);
    await kubectl('wait', '--for=condition=Available', ...names, '-n', 'shop', '--timeout=90s');
  });

  for (const [folder, [name, files]] of Object.entries(mounted)) {
    it(`gives the pod of examples/${folder} its files`, async () => {
      assert.deepEqual(await filesOf('shop', `deploy/${name}`), sums(files));
    });
  }

  it('tells AWS which pod it is, and Pod Identity asks the agent with the token of the pod', () => {
    const sts = aws().requests.filter(({ service, status }) => service === 'sts' && status === 200);
    const agent = aws().requests.filter(({ service, status }) => service === 'agent' && status === 200);
    assert.ok(sts.some(({ sessionName }) => sessionName?.includes('shop') === true && sessionName.includes('web')));
    assert.deepEqual([...new Set(agent.map(({ role }) => role))], ['arn:aws:iam::111122223333:role/shop-billing']);
  });

  it('finds the region on the node where a class names none', async () => {
    const class_ = example('irsa', 'SecretProviderClass')
      .replace('"region":"eu-west-1",', '')
      .replace('"name":"web"', '"name":"here"');
    assert.doesNotMatch(class_, /region"/);
    await apply(class_);
    const deployment = example('irsa', 'Deployment')
      .replaceAll('"web"', '"here"')
      .replace('"serviceAccountName":"here"', '"serviceAccountName":"web"');
    await apply(deployment);
    await kubectl('wait', '--for=condition=Available', 'deploy/here', '-n', 'shop', '--timeout=60s');
    assert.deepEqual(await filesOf('shop', 'deploy/here'), sums(mounted['irsa']?.[1] ?? {}));
  });

  it('makes a Kubernetes Secret of the files', async () => {
    assert.equal(await until('the Kubernetes Secret', syncedPassword), 'made-up-smtp-password');
  });

  it('brings a changed value to the running pod and to the Kubernetes Secret', async () => {
    watcher = await startWatching();
    aws().update({ secrets: { 'eu-west-1': { 'shop/smtp': '{"user": "mailer", "password": "made-up-new"}' } } });
    const ms = await rotate(watcher, 'made-up-rotated');
    await until('the new Kubernetes Secret', async () => (await syncedPassword()) === 'made-up-new');
    await assertSeen(watcher, 'made-up-rotated');
    process.stdout.write(`      rotation took ${(ms / 1000).toFixed(1)} s\n`);
  });

  it('says in the event of the pod what a mistake is', async () => {
    await apply(example('mistake'));
    const message = await failedMount('web-mistake', 'PermissionDenied');
    for (const part of ['shop/payment-api-key', 'eu-west-1', 'secretsmanager:GetSecretValue', 'role/shop-web']) {
      assert.ok(message.includes(part), `${part} in: ${message}`);
    }
    await kubectl('delete', 'pod', 'web-mistake', '-n', 'shop');
  });

  it('writes neither values nor tokens into its log, nor into events', async () => {
    const log = await kubectl('logs', '-n', namespace, (await providerPod()).metadata.name);
    assert.match(log, /mount done/);
    assert.doesNotMatch(log, secretText);
    assert.doesNotMatch(await kubectl('get', 'events', '-n', 'shop', '-o', 'json'), secretText);
  });

  it('stops within seconds, is replaced, and pods keep their files', async () => {
    const before = await providerPod();
    const start = Date.now();
    await kubectl('delete', 'pod', before.metadata.name, '-n', namespace, '--wait=true');
    const stopped = Date.now() - start;
    await kubectl('rollout', 'status', `ds/${provider}`, '-n', namespace, '--timeout=60s');
    process.stdout.write(
      `      stopped in ${(stopped / 1000).toFixed(1)} s, replaced in ${((Date.now() - start) / 1000).toFixed(1)} s\n`,
    );
    // With a grace period of 30 s, a process that ignores SIGTERM takes all of them.
    assert.ok(stopped < 8_000, `${stopped} ms`);
    await assertSeen(watcher, 'made-up-rotated');
  });

  it('ends in bounded time while AWS hangs, tells the pod why, and the next one mounts it', async () => {
    const fault = aws().fault({ service: 'secretsmanager', object: 'shop/session-key', effect: { kind: 'hang' } });
    const stopping = (await providerPod()).metadata.name;
    await apply(example('driver-writes'));
    await until('the call that hangs', () => Promise.resolve(fault.hits > 0));
    const start = Date.now();
    await kubectl('delete', 'pod', stopping, '-n', namespace, '--wait=true');
    const stopped = Date.now() - start;
    process.stdout.write(`      stopped in ${(stopped / 1000).toFixed(1)} s\n`);
    assert.ok(stopped > 10_000 && stopped < 27_000, `${stopped} ms: mounts get 15 s, the process 30 s`);
    assert.match(await failedMount('cart-', 'Internal'), /provider is stopping/);
    fault.remove();
    await kubectl('wait', '--for=condition=Available', 'deploy/cart', '-n', 'shop', '--timeout=90s');
    assert.deepEqual(await filesOf('shop', 'deploy/cart'), sums(cart));
    await kubectl('delete', 'deploy', 'cart', '-n', 'shop', '--wait=true');
  });

  it('uses little memory', async () => {
    const used = await until('a figure of the provider', () => memoryOfProvider(), 60_000);
    process.stdout.write(`      working set of the provider ${(used / 1024 / 1024).toFixed(0)} MiB\n`);
    assert.ok(used < 200 * 1024 * 1024, `${used} bytes`);
  });

  it('has the driver write when told so, and running pods keep their files', async () => {
    await helmInstall('upgrade', await ourChart(), { ...values, driverWritesSecrets: true });
    await apply(example('driver-writes'));
    await kubectl('wait', '--for=condition=Available', 'deploy/cart', '-n', 'shop', '--timeout=60s');
    assert.deepEqual(await filesOf('shop', 'deploy/cart'), sums(cart));
    const link = await kubectl('exec', '-n', 'shop', 'deploy/cart', '--', 'readlink', '/mnt/secrets-store/session-key');
    assert.equal(link.trim(), '..data/session-key');
    await assertSeen(watcher, 'made-up-rotated');
  });

  it('brings a changed value to a pod whose files the driver writes', async () => {
    aws().update({ parameters: { 'eu-west-1': { '/shop/cart/limit': '26' } } });
    const wanted = sums({ ...cart, 'cart-limit': '26' });
    await until(
      'the new value',
      async () => (await filesOf('shop', 'deploy/cart'))['cart-limit'] === wanted['cart-limit'],
    );
    assert.deepEqual(await filesOf('shop', 'deploy/cart'), wanted);
  });

  it('leaves nothing of ours behind, and keeps definitions and classes', async () => {
    // Volumes need the driver to go away.
    await leavePods();
    await helmUninstall();
    assert.deepEqual(await objectsWith(`app.kubernetes.io/instance=${release}`), []);
    assert.deepEqual(await objectsWith(selector), []);
    assert.deepEqual(await list('daemonsets', '-n', namespace, '-l', `app=${driver}`), []);
    const classes = await list('secretproviderclasses', '-n', 'shop');
    assert.equal(classes.length, Object.keys(mounted).length + 3);
  });
});

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string };
    readonly containers?: readonly { readonly memory?: { readonly workingSetBytes?: number } }[];
  }[];
}

/** Bytes, as kubelet has measured them last. */
async function memoryOfProvider(): Promise<number | undefined> {
  const text = await kubectl('get', '--raw', '/api/v1/nodes/node1/proxy/stats/summary');
  const { metadata } = await providerPod();
  const pod = (JSON.parse(text) as Summary).pods.find(({ podRef }) => podRef.name === metadata.name);
  return pod?.containers?.[0]?.memory?.workingSetBytes;
}
