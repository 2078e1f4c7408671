/** Runs around all tests: AWS is there, and the parts of the cluster speak when a test has failed. */
import path from 'node:path';
import { startAws, type Aws } from './aws.js';
import { root } from './charts.js';
import { kubectl } from './kubernetes.js';

let running: Aws | undefined;

/** AWS as the pods see it. */
export function aws(): Aws['standIn'] {
  if (!running) throw new Error('AWS has not started');
  return running.standIn;
}

export const mochaHooks = {
  async beforeAll(this: Mocha.Context) {
    running = await startAws(path.join(root, 'examples/store.yaml'), await kubectl('get', '--raw', '/openid/v1/jwks'));
  },
  async afterEach(this: Mocha.Context) {
    if (this.currentTest?.state !== 'failed') return;
    const looks = [
      ['get', 'pods', '-A', '-o', 'wide'],
      ['get', 'events', '-A', '--field-selector=type!=Normal,reason!=MissingClusterDNS', '--sort-by=.lastTimestamp'],
      ['logs', '-n', 'kube-system', '-l', 'app=secrets-store-csi-driver-provider-aws', '--tail=15', '--prefix'],
      ['logs', '-n', 'kube-system', '-l', 'app=csi-secrets-store-provider-aws', '--tail=15', '--prefix'],
      ['logs', '-n', 'kube-system', '-l', 'app=secrets-store-csi-driver', '-c', 'secrets-store', '--tail=15'],
    ];
    for (const look of looks)
      process.stderr.write(await kubectl(...look).catch((error: unknown) => `${String(error)}\n`));
  },
  async afterAll() {
    await running?.close();
  },
};
