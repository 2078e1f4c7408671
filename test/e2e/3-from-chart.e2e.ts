/** From AWS's chart, driver included: upgrades in place there, back, and there again; no pod stops. */
import assert from 'node:assert/strict';
import {
  driver,
  helmInstall,
  helmUninstall,
  ourChart,
  predecessorChart,
  providerImage,
  providerValues,
  namespace,
  release,
  withDriver,
} from './support/charts.js';
import { helm, kubectl } from './support/kubernetes.js';
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

const selector = 'app=secrets-store-csi-driver-provider-aws';

async function imageInUse(): Promise<string> {
  const jsonPath = '-o=jsonpath={.items[*].spec.containers[0].image}';
  return (await kubectl('get', 'pods', '-n', namespace, '-l', selector, jsonPath)).trim();
}

describe("from AWS's chart", () => {
  let watcher: Watcher;
  let daemonSets: readonly string[];
  let driverPods: readonly string[];

  before(async () => {
    await helmInstall('install', await predecessorChart(), withDriver);
    watcher = await startWatching();
    daemonSets = [...(await identities('daemonsets', selector)), ...(await identities('daemonsets', `app=${driver}`))];
    driverPods = await identities('pods', `app=${driver}`);
    assert.equal(daemonSets.length, 2);
    assert.equal(driverPods.length, 1);
  });

  /** The objects are those that were there, and the driver has not even restarted. */
  async function assertInPlace(): Promise<void> {
    const now = [...(await identities('daemonsets', selector)), ...(await identities('daemonsets', `app=${driver}`))];
    assert.deepEqual(now, daemonSets);
    assert.deepEqual(await identities('pods', `app=${driver}`), driverPods);
  }

  it('helm upgrade puts our provider in the place of the other', async () => {
    await helmInstall('upgrade', await ourChart(), { ...providerValues, ...withDriver });
    assert.equal(await imageInUse(), providerImage);
    await assertInPlace();
    await assertSeen(watcher);
    await assertNewPodMounts();
  });

  it('volumes that the other provider wrote follow a rotation', async () => {
    await rotate(watcher, 'made-up-after-the-move');
    await assertSeen(watcher, 'made-up-after-the-move');
  });

  it('helm rollback brings the other one back', async () => {
    await helm('rollback', release, '1', '-n', namespace, '--wait', '--timeout=90s');
    assert.equal(await imageInUse(), 'localhost/predecessor:1');
    await assertInPlace();
    await assertNewPodMounts();
  });

  it('helm upgrade --reuse-values works with the values of the other chart', async () => {
    // The one place where AWS's provider would be started with our flags.
    await assert.rejects(
      helmInstall(
        'upgrade',
        await ourChart(),
        { image: { repository: 'public.ecr.aws/aws-secrets-manager/x' } },
        '--reuse-values',
      ),
      /set image\.repository to where you pushed the image/,
    );
    await helmInstall('upgrade', await ourChart(), providerValues, '--reuse-values');
    assert.equal(await imageInUse(), providerImage);
    await assertInPlace();
    await assertNewPodMounts('made-up-after-the-move');
  });

  it('the pod has had its files all the while', async () => {
    const seen = await watcher.seen('shop_database');
    assert.ok(!seen.includes('missing'), seen.join(' '));
    assert.ok((await watcher.looks()) > 50);
    assert.equal(await watcher.restarts(), 0);
  });

  it('uninstall leaves nothing', async () => {
    await leavePods();
    await helmUninstall();
    assert.deepEqual(await objectsWith(`app.kubernetes.io/instance=${release}`), []);
  });
});
