import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { status } from '@grpc/grpc-js';
import { account, region, texts, World } from '../support/world.js';

const objects = `
- objectName: db
  objectType: secretsmanager
  filePermission: "0400"
  jmesPath:
    - { path: username, objectAlias: db-user }
    - { path: password, objectAlias: db-password, filePermission: "0440" }
- objectName: /app/feature
  objectType: ssmparameter
- objectName: binary
  objectType: secretsmanager
`;

for (const identity of ['irsa', 'pod-identity'] as const) {
  for (const driverWrites of [false, true]) {
    describe(`mounts with ${identity}, ${driverWrites ? 'the driver' : 'the provider'} writes`, () => {
      let world: World;
      let user: string, password: string, document: string, feature: string;
      const parameters = { region, ...(identity === 'pod-identity' && { usePodIdentity: 'true' }) };

      before(async () => {
        world = await World.start({
          flags: ['--secret-cache-ttl=0', `--driver-writes-secrets=${driverWrites}`],
          store: (canaries) => {
            user = canaries.value('user');
            password = canaries.value('password');
            document = JSON.stringify({ username: user, password });
            feature = canaries.value('feature');
            return {
              secrets: {
                [region]: {
                  db: { versions: [{ id: '11111111-0000-4000-8000-000000000001', value: document }] },
                  binary: { binary: Buffer.from([0, 255, 10]).toString('base64') },
                },
              },
              parameters: { [region]: { '/app/feature': { value: feature, type: 'SecureString' } } },
              roles: { app: {} },
              serviceAccounts: { 'ns/app': { role: 'app' } },
              podIdentityAssociations: { 'ns/app': 'app' },
            };
          },
        });
      });
      after(() => world.stop());

      it('gives every file with its content, mode and version', async () => {
        const answer = await world.mount({ objects, parameters });
        const expected = {
          db: { mode: '0400', text: document },
          'db-user': { mode: '0400', text: user },
          'db-password': { mode: '0440', text: password },
          _app_feature: { mode: '0644', text: feature },
        };
        const given = driverWrites
          ? Object.fromEntries(
              answer.files.map(({ path: name, mode, contents }) => [
                name,
                { mode: mode.toString(8).padStart(4, '0'), text: contents.toString('utf8') },
              ]),
            )
          : answer.tree;
        for (const [name, file] of Object.entries(expected)) assert.deepEqual(given[name], file);
        assert.equal(given['binary']?.text, Buffer.from([0, 255, 10]).toString('utf8'));
        assert.equal(answer.versions['db'], '11111111-0000-4000-8000-000000000001');
        assert.equal(answer.versions['db-user'], answer.versions['db']);
        assert.equal(answer.versions['_app_feature'], '1');
        assert.equal(answer.versionCount, 5);
        assert.equal(answer.files.length, driverWrites ? 5 : 0);
        assert.equal(Object.keys(answer.tree).length, driverWrites ? 0 : 5);
      });

      it('gives a file whose name ends with the line feed of a block scalar', async () => {
        const named = '- objectName: binary\n  objectType: secretsmanager\n  objectAlias: |\n    name\n';
        const answer = await world.mount({ objects: named, parameters });
        const names = driverWrites ? answer.files.map((file) => file.path) : Object.keys(answer.tree);
        assert.deepEqual(names, ['name\n']);
        assert.deepEqual(Object.keys(answer.versions), ['name\n']);
      });

      it('shows a rotated value at the next mount, in the same target', async () => {
        const first = await world.mount({ objects, parameters });
        const rotated = world.canaries.value('rotated');
        world.standIn.update({ parameters: { [region]: { '/app/feature': rotated } } });
        const second = await world.mount({ objects, parameters, targetPath: first.targetPath });
        const text = driverWrites
          ? second.files.find((file) => file.path === '_app_feature')?.contents.toString('utf8')
          : texts(second.tree)['_app_feature'];
        assert.equal(text, rotated);
        assert.notEqual(second.versions['_app_feature'], first.versions['_app_feature']);
        assert.equal(second.versions['db'], first.versions['db']);
      });

      it('logs one line for the mount, with the coordinates and counts of what was done', async () => {
        const before = world.provider.logLines().length;
        await world.mount({ objects, parameters, pod: 'web-0' });
        const lines = world.provider.logLines().slice(before);
        assert.equal(lines.length, 1);
        const [line] = lines;
        assert.equal(line?.['namespace'], 'ns');
        assert.equal(line['pod'], 'web-0');
        assert.equal(line['serviceAccount'], 'app');
        assert.equal(line['auth'], identity);
        assert.equal(line['region'], region);
        assert.equal(line['objects'], 3);
        assert.equal(line['files'], 5);
        assert.equal(line['awsCalls'], 3);
        assert.equal(typeof line['durationMs'], 'number');
      });

      it('takes the tokens from `secrets` as newer drivers send them', async () => {
        const answer = await world.mount({ objects, parameters, tokensInSecrets: true });
        assert.equal(answer.versionCount, 5);
      });

      it('tells how to get tokens when there is none', async () => {
        const error = await world.failure({ objects, parameters, attributes: {}, rawSecrets: 'null', ...noTokens });
        assert.equal(error.code, status.UNAUTHENTICATED);
        assert.match(error.details, /tokenRequests/);
      });
    });
  }
}

/** `complete` makes tokens unless the mount says something of them. */
const noTokens = { tokens: undefined } as unknown as { tokens: string };

describe('the provider writes', () => {
  let world: World;
  before(async () => {
    world = await World.start({
      store: (canaries) => ({
        secrets: { [region]: { a: canaries.value('a'), b: canaries.value('b'), 'deep/er/c': canaries.value('c') } },
        roles: { app: {} },
        serviceAccounts: { 'ns/app': { role: 'app' } },
      }),
    });
  });
  after(() => world.stop());
  const list = (...names: string[]) =>
    names.map((name) => `- { objectName: "${name}", objectType: secretsmanager }`).join('\n');

  it('leaves an unchanged file untouched and moves the mtime of the root', async () => {
    const { targetPath } = await world.mount({ objects: list('a', 'b') });
    const before = statSync(path.join(targetPath, 'a'));
    const past = new Date(Date.now() - 3600_000);
    utimesSync(targetPath, past, past);
    await world.mount({ objects: list('a', 'b'), targetPath });
    const after = statSync(path.join(targetPath, 'a'));
    assert.deepEqual([after.ino, after.mtimeMs, after.ctimeMs], [before.ino, before.mtimeMs, before.ctimeMs]);
    assert.ok(statSync(targetPath).mtimeMs > Date.now() - 60_000);
  });

  it('names the pod in the log line of a faulty class too', async () => {
    await world.failure({ objects: 'none', pod: 'web-1' });
    const line = world.provider.logLines().at(-1);
    assert.deepEqual([line?.['namespace'], line?.['pod'], line?.['serviceAccount']], ['ns', 'web-1', 'app']);
    assert.equal(line?.['outcome'], 'failed');
    assert.equal(line['code'], 'invalid_objects');
  });

  it('keeps files that the class no longer lists', async () => {
    const { targetPath } = await world.mount({ objects: list('a', 'b') });
    const second = await world.mount({ objects: list('b'), targetPath });
    assert.deepEqual(Object.keys(second.tree), ['a', 'b']);
    assert.deepEqual(Object.keys(second.versions), ['b']);
  });

  it('creates subdirectories of mode 0755 when translation is off', async () => {
    const answer = await world.mount({ objects: list('deep/er/c'), parameters: { pathTranslation: 'False' } });
    assert.deepEqual(Object.keys(answer.tree), ['deep/er/c']);
    assert.deepEqual(Object.keys(answer.versions), ['deep/er/c']);
    assert.equal(statSync(path.join(answer.targetPath, 'deep/er')).mode & 0o7777, 0o755);
  });

  it('repairs a mode that somebody changed', async () => {
    const { targetPath } = await world.mount({ objects: list('a') });
    chmodSync(path.join(targetPath, 'a'), 0o600);
    const second = await world.mount({ objects: list('a'), targetPath });
    assert.equal(second.tree['a']?.mode, '0644');
  });

  it('refuses a target that does not exist, and one that is a file', async () => {
    const missing = path.join(world.target(), 'missing');
    const first = await world.failure({ objects: list('a'), targetPath: missing });
    assert.equal(first.code, status.INVALID_ARGUMENT);
    const file = path.join(world.target(), 'file');
    writeFileSync(file, '');
    const second = await world.failure({ objects: list('a'), targetPath: file });
    assert.equal(second.code, status.INVALID_ARGUMENT);
  });

  it('writes nothing into a kubelet volume whose tmpfs did not reach it', async () => {
    const kubelet = path.join(world.target(), 'pods/uid-1/volumes/kubernetes.io~csi/secrets/mount');
    mkdirSync(kubelet, { recursive: true });
    const error = await world.failure({ objects: list('a'), targetPath: kubelet });
    assert.equal(error.code, status.FAILED_PRECONDITION);
    assert.match(error.details, /tmpfs/);
  });

  it('asks only DescribeSecret when an older driver says that the version is mounted', async () => {
    const first = await world.mount({ objects: list('a', 'b') });
    world.standIn.clearRequests();
    const { targetPath, versions } = first;
    const same = await world.mount({ objects: list('a', 'b'), targetPath, currentVersions: versions });
    assert.deepEqual(
      world.standIn.requests.filter(({ service }) => service === 'secretsmanager').map(({ action }) => action),
      ['DescribeSecret', 'DescribeSecret'],
    );
    assert.deepEqual(same.versions, versions);
    const rotated = world.canaries.value('rotated');
    world.standIn.update({ secrets: { [region]: { a: rotated } } });
    const next = await world.mount({ objects: list('a', 'b'), targetPath, currentVersions: versions });
    assert.equal(next.tree['a']?.text, rotated);
    assert.notEqual(next.versions['a'], versions['a']);
    assert.equal(next.versions['b'], versions['b']);
  });

  it('fetches a secret whose file is gone, whatever version the driver names', async () => {
    const first = await world.mount({ objects: list('a') });
    const other = await world.mount({ objects: list('a'), currentVersions: first.versions });
    assert.deepEqual(other.tree, first.tree);
  });

  it('mounts by ARN', async () => {
    const name = `arn:aws:secretsmanager:${region}:${account}:secret:a`;
    const answer = await world.mount({ objects: `- objectName: ${name}\n  objectAlias: by-arn` });
    assert.deepEqual(Object.keys(answer.tree), ['by-arn']);
  });
});
