/** From AWS's chart beside a driver that was installed apart (`install=false`), and from the plain manifest to the chart. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awsEndpoint } from './support/aws.js';
import {
  driver,
  helmInstall,
  helmUninstall,
  installDriver,
  namespace,
  ourChart,
  predecessorChart,
  providerImage,
  providerValues,
  release,
  root,
  secretCacheTtl,
  withoutDriver,
} from './support/charts.js';
import { apply, kubectl, list, until } from './support/kubernetes.js';
import type { Watcher } from './support/pods.js';
import {
  assertNewPodMounts,
  assertSeen,
  identities,
  leavePods,
  objectsWith,
  rotate,
  startWatching,
} from './support/world.js';

const plain = 'csi-secrets-store-provider-aws';
const socket = '/var/run/secrets-store-csi-providers/aws.sock';

const predecessorManifest = readFileSync(path.join(root, 'test/e2e/charts/predecessor-manifest.yaml'), 'utf8');

/** Our manifest with the image that was imported, and the way to the stand-in for AWS. */
function ourManifest(): string {
  const text = readFileSync(path.join(root, 'deployment/aws-provider-installer.yaml'), 'utf8');
  const changed = text
    .replace(/^( +image: ).*$/m, `$1${providerImage}`)
    .replace(/--secret-cache-ttl=\S+/, `--secret-cache-ttl=${secretCacheTtl}`)
    .replace(/^( +)env:\n/m, `$1env:\n$1  - { name: AWS_ENDPOINT_URL, value: '${awsEndpoint}' }\n`);
  assert.ok(changed.includes(awsEndpoint), 'the manifest has a place for variables');
  return changed;
}

async function rolledOut(name: string): Promise<void> {
  await kubectl('rollout', 'status', `ds/${name}`, '-n', namespace, '--timeout=60s');
  // The driver keeps to a provider that is still going.
  await until('the end of the old pods', async () =>
    (await list('pods', '-n', namespace, '-l', `app=${name}`)).every(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    ),
  );
}

describe('beside a driver that was installed apart', () => {
  let watcher: Watcher;
  let driverPods: readonly string[];

  before(async () => {
    await installDriver();
    driverPods = await identities('pods', `app=${driver}`);
    assert.equal(driverPods.length, 1);
  });

  afterEach(async () => {
    assert.deepEqual(await identities('pods', `app=${driver}`), driverPods, 'the driver is left alone');
  });

  describe("from AWS's chart with install=false", () => {
    before(async () => {
      await helmInstall('install', await predecessorChart(), withoutDriver);
      watcher = await startWatching();
    });

    it('helm upgrade puts our provider in the place of the other', async () => {
      const before = await identities('daemonsets', `app.kubernetes.io/instance=${release}`);
      await helmInstall('upgrade', await ourChart(), { ...providerValues, ...withoutDriver });
      assert.deepEqual(await identities('daemonsets', `app.kubernetes.io/instance=${release}`), before);
      await assertNewPodMounts();
      await rotate(watcher, 'made-up-after-the-move');
      await assertSeen(watcher, 'made-up-after-the-move');
    });

    it('uninstall leaves nothing of ours, no socket, and pods keep their files', async () => {
      await helmUninstall();
      assert.deepEqual(await objectsWith(`app.kubernetes.io/instance=${release}`), []);
      assert.equal(existsSync(socket), false);
      await assertSeen(watcher, 'made-up-after-the-move');
    });
  });

  describe('from the plain manifest', () => {
    before(async () => {
      await apply(predecessorManifest);
      await rolledOut(plain);
      // Only now: while there is no provider, kubelet waits for one before it lets go of a volume.
      await leavePods();
      watcher = await startWatching();
    });

    it('kubectl apply of ours over the other one works in place', async () => {
      const before = await identities('daemonsets', `app=${plain}`);
      assert.equal(before.length, 1);
      await apply(ourManifest());
      await rolledOut(plain);
      assert.deepEqual(await identities('daemonsets', `app=${plain}`), before);
      await assertNewPodMounts();
      await assertSeen(watcher);
    });

    it('kubectl apply of the other one brings it back', async () => {
      await apply(predecessorManifest);
      await rolledOut(plain);
      await assertNewPodMounts();
      await assertSeen(watcher);
    });

    it('our chart beside the other provider takes over, also when that one removes the socket at its end', async () => {
      await helmInstall('install', await ourChart(), { ...providerValues, ...withoutDriver });
      await kubectl('delete', 'daemonset', plain, '-n', namespace, '--wait=true');
      await until(
        'the end of the other provider',
        async () => (await list('pods', '-n', namespace, '-l', `app=${plain}`)).length === 0,
      );
      // It looks at the path every second.
      await sleep(2_000);
      assert.ok(existsSync(socket), 'the socket is there again');
      await assertNewPodMounts();
      await rotate(watcher, 'made-up-beside');
      await assertSeen(watcher, 'made-up-beside');
    });

    it('what is left of the manifest goes, and our chart stays', async () => {
      await kubectl('delete', '-f', path.join(root, 'deployment/aws-provider-installer.yaml'), '--ignore-not-found');
      assert.deepEqual(await objectsWith(`app=${plain}`), []);
      await assertNewPodMounts('made-up-beside');
      await leavePods();
      await helmUninstall();
      assert.deepEqual(await objectsWith(`app.kubernetes.io/instance=${release}`), []);
    });
  });
});
