/** Who may join whose call: what a token says of itself counts only once AWS has accepted that very token. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { TokenOptions } from '../../src/local/types.js';
import { region, texts, World, type WorldMount } from '../support/world.js';

describe('calls in flight', function () {
  this.timeout(30_000);
  let world: World;
  let value = '';
  before(async () => {
    world = await World.start({
      flags: ['--log-level=debug'],
      store: (canaries) => {
        value = canaries.value('shared');
        return {
          secrets: { [region]: { db: value } },
          roles: { app: {}, blind: { allow: [] } },
          serviceAccounts: { 'ns/app': { role: 'app' } },
          podIdentityAssociations: { 'ns/app': 'app' },
        };
      },
    });
  });
  after(() => world.stop());
  afterEach(() => {
    world.standIn.clearFaults();
    world.standIn.update({ serviceAccounts: { 'ns/app': { role: 'app' } } });
  });

  const objects = '- { objectName: db, objectType: secretsmanager }';

  function mountOf(usePodIdentity: boolean, options: Partial<TokenOptions> = {}): WorldMount {
    const tokens = world.standIn.tokensAttribute({ namespace: 'ns', serviceAccount: 'app', pod: 'victim', ...options });
    for (const { token } of Object.values(JSON.parse(tokens) as Record<string, { token: string }>)) {
      world.canaries.keep(token);
    }
    return { objects, tokens, pod: options.pod ?? 'victim', parameters: { usePodIdentity: String(usePodIdentity) } };
  }

  const fetches = () => world.standIn.requests.filter(({ action }) => action === 'GetSecretValue');

  /** A mount whose fetch AWS does not answer for a while: a call to join. */
  async function victim(usePodIdentity: boolean, delayMs = 400) {
    world.standIn.clearRequests();
    world.standIn.fault({ action: 'GetSecretValue', effect: { kind: 'delay', delayMs } });
    const mount = world.mount(mountOf(usePodIdentity));
    while (fetches().length === 0) await sleep(5);
    return {
      end: async () => {
        assert.deepEqual(texts((await mount).tree), { db: value });
      },
    };
  }

  for (const usePodIdentity of [false, true]) {
    const auth = usePodIdentity ? 'Pod Identity' : 'IRSA';

    it(`lets nobody join by a forged token with the claims of a pod whose call is under way (${auth})`, async () => {
      // STS is asked again twice: it may not know the keys of the cluster yet.
      const running = await victim(usePodIdentity, usePodIdentity ? 400 : 1500);
      const error = await world.failure(mountOf(usePodIdentity, { broken: 'signature' }));
      assert.equal(error.code, status.UNAUTHENTICATED, error.details);
      assert.equal(fetches().length, 1);
      assert.equal(fetches()[0]?.status, undefined, 'the call to join was over');
      await running.end();
    });

    it(`lets nobody join by a genuine token for another audience (${auth})`, async () => {
      const running = await victim(usePodIdentity);
      const [right, wrong] = ['sts.amazonaws.com', 'pods.eks.amazonaws.com'];
      const genuine = mountOf(usePodIdentity);
      const tokens = JSON.parse(genuine.tokens ?? '') as Record<string, unknown>;
      const swapped = JSON.stringify({ [right]: tokens[wrong], [wrong]: tokens[right] });
      const error = await world.failure({ ...genuine, tokens: swapped });
      assert.equal(error.code, status.UNAUTHENTICATED, error.details);
      assert.equal(fetches().length, 1);
      await running.end();
    });

    it(`lets nobody join by an expired token (${auth})`, async () => {
      const running = await victim(usePodIdentity);
      const error = await world.failure(mountOf(usePodIdentity, { ttlSeconds: -60 }));
      assert.equal(error.code, status.UNAUTHENTICATED, error.details);
      await running.end();
    });

    it(`refuses a token of another service account before it leaves the node (${auth})`, async () => {
      world.standIn.clearRequests();
      const error = await world.failure(mountOf(usePodIdentity, { serviceAccount: 'other' }));
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.match(error.details, /"ns\/other", but the pod runs as "ns\/app"/);
      assert.deepEqual(
        world.standIn.requests.filter(({ tokenHash }) => tokenHash !== undefined),
        [],
      );
    });
  }

  it('shares one call among pods of one service account (IRSA)', async () => {
    const running = await victim(false);
    await world.mount(mountOf(false, { pod: 'sibling' }));
    await running.end();
    assert.equal(fetches().length, 1);
  });

  it('asks apart for a service account that was made anew under the same name (IRSA)', async () => {
    const running = await victim(false);
    await world.mount(mountOf(false, { serviceAccountUid: '00000000-0000-4000-8000-000000000009' }));
    await running.end();
    assert.equal(fetches().length, 2);
  });

  it('asks apart for tokens without the claims that say whose they are (IRSA)', async () => {
    const running = await victim(false);
    const mounts = [0, 1].map(() => world.mount(mountOf(false, { withoutKubernetesClaims: true })));
    for (const { tree } of await Promise.all(mounts)) assert.deepEqual(texts(tree), { db: value });
    await running.end();
    assert.equal(fetches().length, 3);
  });

  it('asks apart for another pod of one service account (Pod Identity)', async () => {
    const running = await victim(true);
    await world.mount(mountOf(true, { pod: 'sibling' }));
    await running.end();
    assert.equal(fetches().length, 2);
  });

  it('does not share over a role that was changed meanwhile (IRSA)', async () => {
    const running = await victim(false);
    world.standIn.update({ serviceAccounts: { 'ns/app': { role: 'blind' } } });
    const error = await world.failure(mountOf(false, { pod: 'sibling' }));
    assert.equal(error.code, status.PERMISSION_DENIED);
    await running.end();
  });

  it('does not share between IRSA and Pod Identity', async () => {
    const running = await victim(false);
    await world.mount(mountOf(true));
    await running.end();
    assert.equal(fetches().length, 2);
  });

  it('goes on for those who joined when the mount that began the call is cancelled', async () => {
    world.standIn.clearRequests();
    world.standIn.fault({ action: 'GetSecretValue', effect: { kind: 'delay', delayMs: 500 } });
    const leaver = new AbortController();
    const first = world.mount({ ...mountOf(false), signal: leaver.signal }).catch((error: unknown) => error);
    while (fetches().length === 0) await sleep(5);
    const second = world.mount(mountOf(false, { pod: 'sibling' }));
    await sleep(150);
    leaver.abort();
    await first;
    assert.deepEqual(texts((await second).tree), { db: value });
    assert.equal(fetches().length, 1);
  });
});
