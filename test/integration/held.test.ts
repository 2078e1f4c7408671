import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DriverAnswer } from '../support/driver.js';
import { region, texts, World } from '../support/world.js';

const versionId = '11111111-0000-4000-8000-000000000001';
const secret = (rest: string) => `- {objectType: secretsmanager, ${rest}}`;

describe('what drivers up to 1.5 say is mounted', () => {
  let world: World;
  let user: string, document: string;

  before(async () => {
    world = await World.start({
      // Only what the volume holds shall count here.
      flags: ['--secret-cache-ttl=0'],
      store: (canaries) => {
        user = canaries.value('user');
        document = JSON.stringify({ user });
        // Replicas and copies may share a version id: it is the caller of PutSecretValue who chooses it.
        const versions = (value: string) => ({ versions: [{ id: versionId, value }] });
        return {
          secrets: { [region]: { db: versions(document), copy: versions(canaries.value('copy')) } },
          roles: { app: {} },
          serviceAccounts: { 'ns/app': { role: 'app' } },
        };
      },
    });
  });
  after(() => world.stop());

  /** Mounts `before`, then `after` into the same volume with the versions that the first mount gave. */
  async function edit(before: string, after: string, between?: (targetPath: string) => void) {
    const first = await world.mount({ objects: before });
    between?.(first.targetPath);
    world.standIn.clearRequests();
    const second = await world.mount({
      objects: after,
      targetPath: first.targetPath,
      currentVersions: (first satisfies DriverAnswer).versions,
    });
    const actions = world.standIn.requests.filter(({ service }) => service === 'secretsmanager');
    return { files: texts(second.tree), actions: actions.map(({ action }) => action) };
  }

  const unchanged = secret('objectName: db, objectAlias: whole, jmesPath: [{path: user, objectAlias: part}]');
  const pinned = `objectVersion: ${versionId}`;

  it('is asked about, not fetched, while the class stays', async () => {
    const { files, actions } = await edit(unchanged, unchanged);
    assert.deepEqual(files, { whole: document, part: user });
    assert.deepEqual(actions, ['DescribeSecret']);
  });

  it('costs no call when the class pins it', async () => {
    const objects = secret(`objectName: db, ${pinned}`);
    assert.deepEqual(await edit(objects, objects), { files: { db: document }, actions: [] });
  });

  const edits: readonly (readonly [title: string, before: string, after: string, files: () => object])[] = [
    [
      'the whole secret goes where a part of it was',
      unchanged,
      secret('objectName: db, objectAlias: part'),
      () => ({ whole: document, part: document }),
    ],
    [
      'the pinned secret goes where a part of it was',
      unchanged,
      secret(`objectName: db, objectAlias: part, ${pinned}`),
      () => ({ whole: document, part: document }),
    ],
    [
      'whole and part change places',
      unchanged,
      secret('objectName: db, objectAlias: part, jmesPath: [{path: user, objectAlias: whole}]'),
      () => ({ whole: user, part: document }),
    ],
    [
      'the secret is no longer hidden by a part of it',
      secret('objectName: db, jmesPath: [{path: user, objectAlias: db}]'),
      secret(`objectName: db, ${pinned}`),
      () => ({ db: document }),
    ],
    [
      'another secret with the same version id takes the file',
      secret('objectName: copy, objectAlias: file'),
      secret(`objectName: db, objectAlias: file, ${pinned}`),
      () => ({ file: document }),
    ],
  ];
  for (const [title, before, after, files] of edits) {
    it(`is fetched when ${title}`, async () => {
      const result = await edit(before, after);
      assert.deepEqual(result.files, files());
      assert.deepEqual(result.actions, ['GetSecretValue']);
    });
  }

  it('is fetched when somebody else has changed the file', async () => {
    const objects = secret(`objectName: db, ${pinned}`);
    const result = await edit(objects, objects, (targetPath) => {
      writeFileSync(path.join(targetPath, 'db'), 'other words');
    });
    assert.deepEqual(result, { files: { db: document }, actions: ['GetSecretValue'] });
  });
});
