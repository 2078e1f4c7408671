/** From an old release of AWS's chart, whose socket is in another directory than ours is by default. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  driver,
  helmInstall,
  helmUninstall,
  namespace,
  ourChart,
  predecessorChart,
  providerValues,
  withDriver,
} from './support/charts.js';
import { get, kubectl, type KubernetesObject } from './support/kubernetes.js';
import { createPod, running, type Watcher } from './support/pods.js';
import { assertNewPodMounts, assertSeen, leavePods, rotate, startWatching } from './support/world.js';

const old = { providerVolume: '/etc/kubernetes/secrets-store-csi-providers' };
const values = { ...providerValues, ...withDriver };

interface Phase extends KubernetesObject {
  readonly status: { readonly phase: string };
}

describe('from a release with the socket in /etc/kubernetes', () => {
  let watcher: Watcher;

  before(async () => {
    await helmInstall('install', await predecessorChart(), { ...withDriver, ...old });
    watcher = await startWatching();
  });

  it('an upgrade that keeps the directory needs nothing else', async () => {
    const said = await helmInstall('upgrade', await ourChart(), { ...values, ...old });
    assert.doesNotMatch(said, /providerVolume was/);
    await assertNewPodMounts();
    await rotate(watcher, 'made-up-same-directory');
  });

  it('one that changes it says what to do, and new pods wait until it is done', async () => {
    const said = await helmInstall('upgrade', await ourChart(), values);
    assert.match(said, /providerVolume was \/etc\/kubernetes\/\S+ and is \/var\/run\/secrets-store-csi-providers/);
    const names = { namespace: 'shop', serviceAccount: 'web', secretProviderClass: 'web' };
    await createPod({ ...names, name: 'waits', command: 'sleep 1000000' });
    // Mounts take a second; that the driver never looks again is what makes the step needed.
    await sleep(8_000);
    assert.equal((await get<Phase>('pod', 'waits', '-n', 'shop')).status.phase, 'Pending');
  });

  it('a restart of the driver is that, and pods keep their files', async () => {
    await kubectl('rollout', 'restart', 'daemonset', '-n', namespace, '-l', `app=${driver}`);
    await kubectl('rollout', 'status', 'daemonset', '-n', namespace, '-l', `app=${driver}`, '--timeout=90s');
    await running('shop', 'waits');
    await assertNewPodMounts('made-up-same-directory');
    await rotate(watcher, 'made-up-other-directory');
    await assertSeen(watcher, 'made-up-same-directory', 'made-up-other-directory');
  });

  it('uninstall leaves nothing that a later provider would stumble over', async () => {
    await leavePods();
    await helmUninstall();
  });
});
