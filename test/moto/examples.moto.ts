/** Every class of examples/ that moto can serve, both identities and both write modes, beside the stand-in. */
import assert from 'node:assert/strict';
import { readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import { readManifests } from '../../src/cli/manifests.js';
import { planPods, type PodVolume } from '../../src/cli/pods.js';
import { completeStore } from '../../src/cli/store-completion.js';
import { readStoreFile } from '../../src/local/document-reader.js';
import { Pair } from './pair.js';

const root = path.resolve(import.meta.dirname, '../../examples');

const left = {
  // Moto asks IAM only when it is told to, and then knows roles and policies of its own only.
  mistake: 'the class needs a denial by IAM',
  // Moto answers a reference by the name of the secret, AWS by that of the reference: see parameters.moto.ts.
  'secret-through-parameter-store': 'moto answers with another name',
};

const folders = readdirSync(root).filter((folder) => existsSync(path.join(root, folder, 'manifests.yaml')));
const mountable = folders.filter((folder) => !Object.keys(left).includes(folder));

for (const driverWrites of [false, true]) {
  describe(`examples against moto, ${driverWrites ? 'the driver' : 'the provider'} writes`, () => {
    const pods = new Map<string, readonly PodVolume[]>();
    let pair: Pair;

    before(async function () {
      this.timeout(60_000);
      const manifests = mountable.map((folder) => {
        const file = path.join(root, folder, 'manifests.yaml');
        return [folder, readManifests(file, file)] as const;
      });
      for (const [folder, manifest] of manifests) {
        pods.set(`${folder}, as it stands`, planPods(manifest, { podIdentity: false }));
        pods.set(`${folder}, with Pod Identity`, planPods(manifest, { podIdentity: true }));
      }
      const serviceAccounts = manifests.flatMap(([, manifest]) => manifest.serviceAccounts);
      const store = readStoreFile(path.join(root, 'store.yaml'));
      const { document } = completeStore(store, [...pods.values()].flat(), { serviceAccounts });
      pair = await Pair.start({ driverWrites, store: document });
    });
    after(() => pair.stop());

    for (const folder of mountable) {
      for (const identity of ['as it stands', 'with Pod Identity']) {
        it(`mounts ${folder}, ${identity}, as the stand-in does`, async () => {
          for (const { attributes, namespace, serviceAccount, pod, podUid } of pods.get(`${folder}, ${identity}`) ??
            []) {
            const { objects = '', ...parameters } = attributes;
            const mounted = await pair.mount({ objects, parameters, namespace, serviceAccount, pod, podUid });
            const names = Object.keys(mounted.files);
            assert.ok(names.length > 0);
            assert.deepEqual(names.sort(), Object.keys(mounted.versions).sort());
            assert.equal(
              mounted.calls.includes('sts AssumeRoleWithWebIdentity'),
              attributes['usePodIdentity'] !== 'true',
            );
          }
        });
      }
    }
  });
}

describe('the examples', () => {
  it('are all mounted, but for those that say why not', () => {
    assert.deepEqual(
      Object.keys(left).filter((folder) => !folders.includes(folder)),
      [],
    );
    assert.ok(mountable.length >= 9);
  });
});
