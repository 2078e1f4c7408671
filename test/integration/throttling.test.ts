/** A roll-out that asks for more than AWS gives in a second drains: every mount ends well, and AWS is not stormed. */
import assert from 'node:assert/strict';
import { texts, region, World, type WorldMount } from '../support/world.js';

const mounts = 40;
const perSecond = 5;

describe('a roll-out beyond the quota', function () {
  this.timeout(90_000);
  let world: World;
  before(async () => {
    world = await World.start({
      flags: ['--log-level=info'],
      standIn: { requestsPerSecond: { ssm: perSecond } },
      store: (canaries) => ({
        parameters: { [region]: { '/db': canaries.value('db') } },
        secrets: { [region]: { other: canaries.value('other') } },
        roles: { app: {} },
        serviceAccounts: {
          'ns/app': { role: 'app' },
          ...Object.fromEntries(Array.from({ length: mounts }, (_, index) => [`ns/app-${index}`, { role: 'app' }])),
        },
      }),
    });
  });
  after(() => world.stop());

  it('mounts every pod, with few calls more than needed, and says which mounts waited for that', async () => {
    const mount: WorldMount = { objects: '- { objectName: /db, objectType: ssmparameter }' };
    const started = performance.now();
    const rollOut = Promise.all(
      // A service account each: none of them shares a call.
      Array.from({ length: mounts }, (_, index) => world.mount({ ...mount, serviceAccount: `app-${index}` })),
    );
    // What AWS does not throttle is not held up.
    const besideStarted = performance.now();
    await world.mount({ objects: '- { objectName: other, objectType: secretsmanager }' });
    const besideMs = performance.now() - besideStarted;
    const trees = await rollOut;
    const tookMs = performance.now() - started;

    for (const { tree } of trees) assert.equal(Object.keys(texts(tree)).length, 1);
    assert.ok(besideMs < 2000, `another API's mount took ${besideMs} ms`);
    const calls = world.standIn.requests.filter(({ action }) => action === 'GetParameters').length;
    // Without a pace each of them comes again at random times, most of them in vain.
    assert.ok(calls < 4 * mounts, `${calls} calls`);
    assert.ok(tookMs < 60_000, `${tookMs} ms`);
    const lines = world.provider.logLines();
    assert.ok(lines.some(({ message }) => message === 'AWS throttles an account: mounts wait for their turn'));
    const waited = lines.filter((line) => Number(line['throttledMs']) > 0);
    assert.ok(waited.length >= mounts / 2, `${waited.length} mounts say that they waited`);
  });
});
