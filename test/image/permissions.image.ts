/** Every file permission that a class can ask for, and its rotation in place, by root without any capability. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { region, World, type Tree } from '../support/world.js';
import { testImage } from './setup.js';

const octal = (mode: number) => mode.toString(8).padStart(4, '0');
const permissions = Array.from({ length: 0o1000 }, (_, mode) => octal(mode));
/** Bits that a secret's file never gets. */
const special = ['1000', '2000', '4000', '7000', '4644', '2755', '7777'];
const all = [...permissions, ...special];
const withoutSpecial = (permission: string) => octal(Number.parseInt(permission, 8) & 0o777);

/** One object for each permission, all of one secret; `asked` tells the permission of the n-th. */
const list = (asked: (index: number) => string) =>
  all
    .map(
      (permission, index) =>
        `- { objectName: s, objectType: secretsmanager, objectAlias: f${permission}, filePermission: "${asked(index)}" }`,
    )
    .join('\n');
const same = list((index) => all[index] ?? '');
/** Every file changes to the permission of the one at the other end of the list. */
const reversed = list((index) => all[all.length - 1 - index] ?? '');

/** A volume as kubelet names it, with a tmpfs that is mounted from outside while the container runs. */
function tmpfsTarget(): string {
  const target = path.join(testImage().run.shared, 'pods/0f1c/volumes/kubernetes.io~csi/secrets/mount');
  mkdirSync(target, { recursive: true, mode: 0o750 });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', target]);
  return target;
}

for (const driverWrites of [false, true]) {
  describe(`file permissions, ${driverWrites ? 'the driver' : 'the provider'} writes`, function () {
    this.timeout(120_000);
    let world: World;
    let target: string;

    before(async () => {
      world = await World.start({
        // Nothing is kept: each mount follows a rotation at once.
        flags: [`--driver-writes-secrets=${String(driverWrites)}`, '--secret-cache-ttl=0'],
        store: (canaries) => ({
          secrets: { [region]: { s: canaries.value('first') } },
          roles: { app: {} },
          serviceAccounts: { 'ns/app': { role: 'app' } },
        }),
      });
      target = tmpfsTarget();
    });
    after(async () => {
      execFileSync('umount', [target]);
      await world.stop();
    });

    /** Mounts the list and gives every file's mode and text, wherever they were delivered. */
    async function mount(objects: string): Promise<Tree> {
      const { files, tree } = await world.mount({ objects, targetPath: target });
      if (!driverWrites) return tree;
      assert.deepEqual(tree, {});
      return Object.fromEntries(
        files.map(({ path: name, mode, contents }) => [name, { mode: octal(mode), text: contents.toString('utf8') }]),
      );
    }

    const expected = (text: string, asked: (index: number) => string | undefined) =>
      Object.fromEntries(
        all.map((permission, index) => [`f${permission}`, { mode: withoutSpecial(asked(index) ?? ''), text }]),
      );

    function rotate(): string {
      const value = world.canaries.value('next');
      world.standIn.update({ secrets: { [region]: { s: value } } });
      return value;
    }

    it('has each of the 512, without the special bits, when it is first mounted', async () => {
      const value = rotate();
      assert.deepEqual(
        await mount(same),
        expected(value, (index) => all[index]),
      );
    });

    it('keeps each when nothing has changed, and the very files that can be compared', async () => {
      const before = await mount(same);
      // A file that even its owner may not read cannot be compared: it is written anew each time.
      const readable = driverWrites ? [] : all.filter((permission) => Number.parseInt(permission, 8) & 0o400);
      const inodes = () => readable.map((permission) => statSync(path.join(target, `f${permission}`)).ino);
      const inodesBefore = inodes();
      assert.deepEqual(await mount(same), before);
      assert.deepEqual(inodes(), inodesBefore);
    });

    it('keeps each over two rotations in place, also of files that root itself may not read or write', async () => {
      const second = rotate();
      assert.deepEqual(
        await mount(same),
        expected(second, (index) => all[index]),
      );
      const third = rotate();
      assert.deepEqual(
        await mount(same),
        expected(third, (index) => all[index]),
      );
    });

    it('changes from each to another, with a rotation and without', async () => {
      const value = rotate();
      assert.deepEqual(
        await mount(reversed),
        expected(value, (index) => all[all.length - 1 - index]),
      );
      assert.deepEqual(
        await mount(same),
        expected(value, (index) => all[index]),
      );
    });

    it('says nothing of it in its log but the count', () => {
      const outcomes = world.provider.logLines().map((line) => line['outcome'] ?? '-');
      assert.ok(!outcomes.includes('failed'), world.provider.output());
    });
  });
}
