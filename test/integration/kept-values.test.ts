/** The value cache in the whole program: who gets a kept value, and who never does. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { region, texts, World, type WorldMount } from '../support/world.js';

const objects = `
- { objectName: db, objectType: secretsmanager }
- { objectName: /app/level, objectType: ssmparameter, objectAlias: level }
`;

for (const driverWrites of [false, true]) {
  describe(`kept values, ${driverWrites ? 'the driver' : 'the provider'} writes`, function () {
    this.timeout(30_000);
    let world: World;
    let [value, other] = ['', ''];
    before(async () => {
      world = await World.start({
        flags: [`--driver-writes-secrets=${driverWrites}`, '--secret-cache-ttl=4s'],
        store: (canaries) => {
          [value, other] = [canaries.value('db'), canaries.value('other')];
          return {
            secrets: { [region]: { db: value } },
            parameters: { [region]: { '/app/level': 'info' } },
            roles: { app: {}, blind: { allow: [] } },
            serviceAccounts: { 'ns/app': { role: 'app' }, 'ns/second': { role: 'app' }, 'other/app': { role: 'app' } },
            podIdentityAssociations: { 'ns/app': 'app' },
          };
        },
      });
    });
    after(() => world.stop());
    beforeEach(() => {
      world.standIn.update({ secrets: { [region]: { db: value } }, serviceAccounts: { 'ns/app': { role: 'app' } } });
    });

    const actions = () => {
      const seen = world.standIn.requests.map(({ action }) => action);
      world.standIn.clearRequests();
      return seen.filter((action) => ['GetSecretValue', 'DescribeSecret', 'GetParameters'].includes(action)).sort();
    };
    const podOf = (pod: string, rest: Partial<WorldMount> = {}): WorldMount => ({
      objects,
      pod,
      targetPath: world.target(),
      ...rest,
    });
    const lastReused = () => world.provider.logLines().at(-1)?.['reused'];
    const contents = (files: Record<string, string>) => ({ db: files['db'], level: files['level'] });
    const mount = async (pod: WorldMount) => {
      const { tree, files } = await world.mount(pod);
      if (!driverWrites) return contents(texts(tree));
      return contents(Object.fromEntries(files.map(({ path, contents: bytes }) => [path, bytes.toString()])));
    };

    it('are reused for a mounted volume, and fetched for the first mount of another', async () => {
      const [one, two] = [podOf('one'), podOf('two')];
      await mount(one);
      assert.deepEqual(actions(), ['GetParameters', 'GetSecretValue']);
      await mount(two);
      assert.deepEqual(actions(), ['GetParameters', 'GetSecretValue']);
      assert.deepEqual(await mount(one), { db: value, level: 'info' });
      assert.deepEqual([actions(), lastReused()], [[], 2]);
    });

    it('bring a rotated value as soon as the volume asks after their time', async () => {
      const pod = podOf('rotated');
      await mount(pod);
      world.standIn.update({ secrets: { [region]: { db: other } } });
      actions();
      await sleep(4100);
      assert.deepEqual(await mount(pod), { db: other, level: 'info' });
      assert.deepEqual(actions(), ['DescribeSecret', 'GetParameters', 'GetSecretValue']);
    });

    it('never reach another service account, another namespace or, with Pod Identity, another pod', async () => {
      await mount(podOf('first'));
      const strangers: [string, Partial<WorldMount>][] = [
        ['sa', { serviceAccount: 'second' }],
        ['ns', { namespace: 'other' }],
        ['pi-1', { parameters: { usePodIdentity: 'true' } }],
        ['pi-2', { parameters: { usePodIdentity: 'true' } }],
      ];
      for (const [name, rest] of strangers) {
        actions();
        const pod = podOf(name, rest);
        await mount(pod);
        assert.deepEqual(actions(), ['GetParameters', 'GetSecretValue'], name);
        await sleep(5);
        await mount(pod);
        assert.deepEqual(actions(), [], name);
      }
    });

    it('are not given to a pod whose service account has another role now', async () => {
      const pod = podOf('moved');
      await mount(pod);
      world.standIn.update({ serviceAccounts: { 'ns/app': { role: 'blind' } } });
      await assert.rejects(world.provider.driver.mount(world.complete(pod)), /access denied/);
    });
  });
}
