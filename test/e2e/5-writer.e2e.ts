/** A change of who writes the files, there, back and there again, under a running pod. */
import assert from 'node:assert/strict';
import { helmInstall, helmUninstall, ourChart, providerValues, withDriver } from './support/charts.js';
import { apply, kubectl, until } from './support/kubernetes.js';
import { createPod, filesOf, running } from './support/pods.js';
import { example, leavePods } from './support/world.js';

const values = { ...providerValues, ...withDriver };
/** The driver's link to the set that it wrote. */
const driverSet = '..data';

describe('a change of the writer', () => {
  const switchTo = async (kind: 'install' | 'upgrade', driverWritesSecrets: boolean) => {
    await helmInstall(kind, await ourChart(), { ...values, driverWritesSecrets });
  };
  const names = async () =>
    (await kubectl('exec', '-n', 'shop', 'stays', '--', 'ls', '-a', '/mnt/secrets-store')).split('\n');
  let files: Readonly<Record<string, string>>;

  before(async () => {
    await switchTo('install', true);
    await apply(example('irsa', 'Namespace', 'ServiceAccount', 'SecretProviderClass'));
    const pod = { namespace: 'shop', serviceAccount: 'web', secretProviderClass: 'web' };
    await createPod({ ...pod, name: 'stays', command: 'sleep 1000000' });
    await running('shop', 'stays');
    files = await filesOf('shop', 'stays');
    assert.ok((await names()).includes(driverSet));
  });

  it('to the provider: plain files take the place of the links, and the driver’s set goes', async () => {
    await switchTo('upgrade', false);
    await until('the provider’s files', async () => !(await names()).includes(driverSet));
    assert.deepEqual(await filesOf('shop', 'stays'), files);
  });

  it('to the driver again: the files come back though no value has changed', async () => {
    await switchTo('upgrade', true);
    await until('the driver’s files', async () => (await names()).includes(driverSet));
    assert.deepEqual(await filesOf('shop', 'stays'), files);
  });

  after(async () => {
    await leavePods();
    await helmUninstall();
  });
});
