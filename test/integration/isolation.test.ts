import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { RoleDocument } from '../../src/local/store-document.js';
import { region, texts, World } from '../support/world.js';

const tenants = 40;
const podsEach = 5;
const name = (index: number) => `tenant-${String(index)}`;

describe('isolation of pods', function () {
  this.timeout(60_000);
  let world: World;
  const values = new Map<string, string>();

  before(async () => {
    world = await World.start({
      standIn: { latencyMs: { aws: 5, agent: 5, kubernetes: 1 } },
      flags: ['--qps=1000', '--burst=2000'],
      // Credentials of the node's own role must never serve a mount.
      environment: {
        AWS_ACCESS_KEY_ID: 'AKIANODE',
        AWS_SECRET_ACCESS_KEY: 'node-key',
        AWS_PROFILE: 'node',
        AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/node',
        AWS_WEB_IDENTITY_TOKEN_FILE: '/dev/null',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/dev/null',
      },
      store: (canaries) => {
        const entries = Array.from({ length: tenants }, (_, index) => name(index));
        for (const tenant of entries) values.set(tenant, canaries.value(tenant));
        const roles = entries.map((tenant): [string, RoleDocument] => [
          tenant,
          {
            trust: [`${tenant}/app`],
            allow: [
              { actions: ['secretsmanager:*'], resources: [tenant] },
              { actions: ['ssm:*'], resources: [tenant] },
            ],
          },
        ]);
        return {
          secrets: { [region]: Object.fromEntries(values) },
          parameters: { [region]: Object.fromEntries(values) },
          roles: Object.fromEntries(roles),
          serviceAccounts: Object.fromEntries(entries.map((tenant) => [`${tenant}/app`, { role: tenant }])),
          podIdentityAssociations: Object.fromEntries(entries.map((tenant) => [`${tenant}/app`, tenant])),
        };
      },
    });
  });
  after(() => world.stop());

  const mountOf = (tenant: string, pod: string, usePodIdentity: boolean, wanted = tenant) => ({
    namespace: tenant,
    serviceAccount: 'app',
    pod,
    parameters: { region, usePodIdentity: String(usePodIdentity) },
    objects: `
- { objectName: ${wanted}, objectType: secretsmanager, objectAlias: secret }
- { objectName: ${wanted}, objectType: ssmparameter, objectAlias: parameter }
`,
  });

  it('gives each of 200 pods that start at once its own values, with both identities', async () => {
    const mounts: Promise<void>[] = [];
    for (let index = 0; index < tenants * podsEach; index += 1) {
      const tenant = name(index % tenants);
      const mount = mountOf(tenant, `pod-${String(index)}`, index % 2 === 0);
      mounts.push(
        world.mount(mount).then(({ tree }) => {
          const value = values.get(tenant);
          assert.deepEqual(texts(tree), { secret: value, parameter: value });
        }),
      );
    }
    await Promise.all(mounts);
  });

  it('never gives a pod what only its neighbour may read, also while the neighbour is reading it', async () => {
    for (const usePodIdentity of [false, true]) {
      const rightful = [0, 1, 2].map((pod) => world.mount(mountOf(name(1), `right-${String(pod)}`, usePodIdentity)));
      const intruders = [0, 1, 2].map((pod) =>
        world.failure(mountOf(name(0), `wrong-${String(pod)}`, usePodIdentity, name(1))),
      );
      for (const error of await Promise.all(intruders)) assert.equal(error.code, status.PERMISSION_DENIED);
      await Promise.all(rightful);
    }
  });

  it('gives nothing to a pod that only claims another’s namespace', async () => {
    await world.mount(mountOf(name(1), 'pod', false));
    const tokens = world.tokens(name(0), 'app');
    const error = await world.failure({ ...mountOf(name(1), 'pod', false), tokens });
    assert.ok([status.PERMISSION_DENIED, status.UNAUTHENTICATED, status.INVALID_ARGUMENT].includes(error.code));
  });

  it('gives nothing for a forged token, though a good one of the same pod was accepted before', async () => {
    for (const usePodIdentity of [false, true]) {
      await world.mount(mountOf(name(2), 'pod', usePodIdentity));
      const forged = world.standIn.tokensAttribute({
        namespace: name(2),
        serviceAccount: 'app',
        pod: 'pod',
        broken: 'signature',
      });
      const error = await world.failure({ ...mountOf(name(2), 'pod', usePodIdentity), tokens: forged });
      assert.ok([status.PERMISSION_DENIED, status.UNAUTHENTICATED].includes(error.code), error.message);
    }
  });

  it('uses a changed role from the next mount on', async () => {
    const tenant = name(3);
    world.standIn.update({ roles: { blind: { trust: [`${tenant}/app`], allow: [] } } });
    await world.mount(mountOf(tenant, 'pod', false));
    world.standIn.update({ serviceAccounts: { [`${tenant}/app`]: { role: 'blind' } } });
    const error = await world.failure(mountOf(tenant, 'pod', false));
    assert.equal(error.code, status.PERMISSION_DENIED);
    assert.match(error.details, /role\/blind/);
  });

  it('never used credentials other than those of the pods’ roles', () => {
    for (const { accessKeyId, role, service } of world.standIn.requests) {
      assert.notEqual(accessKeyId, 'AKIANODE');
      if (service === 'secretsmanager' || service === 'ssm') assert.match(role ?? '', /role\/(tenant-\d+|blind)$/);
    }
  });
});
