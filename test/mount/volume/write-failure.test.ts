import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ProviderError } from '../../../src/errors.js';
import { createVolumeWriter } from '../../../src/mount/volume/write.js';
import { testContext } from '../../support/contexts.js';
import { contentsOf, discard, makeVolume, planned } from '../../support/volumes.js';

const writer = createVolumeWriter({ pruneRemovedFiles: false });
/** A real obstacle that shows only at the rename: no file system takes so long a name. */
const tooLong = 'n'.repeat(256);
const isRoot = process.getuid?.() === 0;

/** Mounts a small tmpfs; false where that is not permitted. */
function mountTmpfs(directory: string, options = 'size=64k'): boolean {
  return isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'test', directory]).status === 0;
}

function unmount(directory: string): void {
  execFileSync('umount', [directory]);
}

/** Inodes of all entries below a directory, by path. */
function inodes(directory: string): Record<string, bigint> {
  const names = Object.keys(contentsOf(directory));
  return Object.fromEntries(
    names.map((name) => [name, fs.lstatSync(path.join(directory, name), { bigint: true }).ino]),
  );
}

describe('VolumeWriter.write, when it fails', () => {
  let volume: ReturnType<typeof makeVolume>;
  const at = (name: string) => path.join(volume.target, name);

  beforeEach(() => {
    volume = makeVolume();
  });
  afterEach(() => {
    discard(volume);
  });

  describe('at a rename', () => {
    it('puts back replaced files and blockers as the same entries, and removes what is new', async () => {
      await writer.write(volume.target, [planned('a', 'old', 0o400), planned('d/b', 'old')], testContext());
      fs.writeFileSync(at('blocker'), 'a file where a directory is to be');
      fs.mkdirSync(at('full/x'), { recursive: true });
      fs.writeFileSync(at('full/x/y'), 'a directory where a file is to be');
      fs.symlinkSync('/etc', at('link'));
      fs.symlinkSync('/etc/passwd', at('end'));
      fs.utimesSync(volume.target, 1000, 1000);
      const before = [contentsOf(volume.target), inodes(volume.target)];
      const files = [
        planned('a', 'new', 0o600),
        planned('new', 'new'),
        planned('full', 'new'),
        planned('end', 'new'),
        planned('blocker/f', 'new'),
        planned('link/f', 'new'),
        planned('made/e/f', 'new'),
        planned('d/b', 'new'),
        planned(`d/${tooLong}`, 'new'),
      ];
      await assert.rejects(writer.write(volume.target, files, testContext()), {
        code: 'write_failed',
        message: `cannot switch "d/${'n'.repeat(198)}…" in volume "${volume.target}": ENAMETOOLONG: the file system does not take so long a name; choose a shorter objectAlias`,
      });
      assert.deepEqual([contentsOf(volume.target), inodes(volume.target)], before);
      assert.equal(fs.statSync(volume.target).mtimeMs, 1_000_000, 'the driver would wait a whole interval');
    });

    it('names what is mounted in the way, and takes the others back', async function () {
      fs.mkdirSync(at('mounted'));
      fs.writeFileSync(at('a'), 'old');
      if (!mountTmpfs(at('mounted'))) this.skip(); // Root alone may mount.
      try {
        const before = inodes(volume.target);
        await assert.rejects(writer.write(volume.target, [planned('a'), planned('mounted')], testContext()), {
          code: 'write_failed',
          message: `cannot switch "mounted" in volume "${volume.target}": EBUSY: something is mounted there; unmount it, or choose another objectAlias`,
        });
        await assert.rejects(writer.write(volume.target, [planned('a'), planned('mounted/x')], testContext()), {
          code: 'write_failed',
          message: `cannot switch "mounted/x" in volume "${volume.target}": EXDEV: another file system is mounted inside the volume; unmount it, or choose another objectAlias`,
        });
        assert.deepEqual(contentsOf(volume.target), { a: 'file 644 old', mounted: 'dir' });
        assert.deepEqual(inodes(volume.target), before);
      } finally {
        unmount(at('mounted'));
      }
    });

    it('names a directory that may not be written', async function () {
      if (isRoot) this.skip(); // Root writes there all the same.
      fs.mkdirSync(at('d'));
      fs.writeFileSync(at('a'), 'old');
      fs.chmodSync(at('d'), 0o555);
      await assert.rejects(writer.write(volume.target, [planned('a'), planned('d/b')], testContext()), {
        code: 'write_failed',
        message: /^cannot switch "d\/b" in volume ".*": EACCES: the provider may not write there/u,
      });
      assert.deepEqual(contentsOf(volume.target), { a: 'file 644 old', d: 'dir' });
      fs.chmodSync(at('d'), 0o755);
    });
  });

  describe('before the first rename', () => {
    it('says that a file system is full, and leaves the previous set', async function () {
      if (!mountTmpfs(volume.target)) this.skip();
      try {
        await writer.write(volume.target, [planned('a', 'old')], testContext());
        fs.utimesSync(volume.target, 1000, 1000);
        const before = inodes(volume.target);
        const files = [planned('a', 'new'), planned('b', 'x'.repeat(100_000))];
        await assert.rejects(writer.write(volume.target, files, testContext()), {
          code: 'write_failed',
          message: `cannot write "b" in volume "${volume.target}": ENOSPC: the volume's file system is full; it is a tmpfs in the node's memory: free memory on the node, or mount fewer or smaller objects`,
        });
        assert.deepEqual(contentsOf(volume.target), { a: 'file 644 old' });
        assert.deepEqual(inodes(volume.target), before);
        assert.equal(fs.statSync(volume.target).mtimeMs, 1_000_000);
        assert.equal((await writer.write(volume.target, [planned('a', 'new')], testContext())).changed, 1);
      } finally {
        unmount(volume.target);
      }
    });

    it('says that a file system has no room for more files', async function () {
      if (!mountTmpfs(volume.target, 'nr_inodes=8')) this.skip();
      try {
        await writer.write(volume.target, [planned('a', 'old')], testContext());
        const files = Array.from({ length: 20 }, (_, index) => planned(`d/f${index}`, 'x'));
        await assert.rejects(writer.write(volume.target, [planned('a', 'new'), ...files], testContext()), {
          code: 'write_failed',
          message: /^cannot write "d\/f\d+" in volume .*: ENOSPC: /u,
        });
        assert.deepEqual(contentsOf(volume.target), { a: 'file 644 old' });
      } finally {
        unmount(volume.target);
      }
    });

    it('says that a volume is read-only; an unchanged set is a success with a warning', async function () {
      if (!mountTmpfs(volume.target)) this.skip();
      try {
        await writer.write(volume.target, [planned('a', 'old')], testContext());
        execFileSync('mount', ['-o', 'remount,ro', volume.target]);
        await assert.rejects(writer.write(volume.target, [planned('a', 'new')], testContext()), {
          code: 'write_failed',
          message:
            /^cannot stage files under "\.\.provider-aws-staging-[0-9a-f]{16}" in volume .*: EROFS: the volume is read-only/u,
        });
        const context = testContext();
        assert.equal((await writer.write(volume.target, [planned('a', 'old')], context)).changed, 0);
        assert.deepEqual(context.warnings, ['cannot set the modification time of the volume (EROFS)']);
      } finally {
        unmount(volume.target);
      }
    });

    it('fails with the reason of a signal that fired already, and changes nothing', async () => {
      await writer.write(volume.target, [planned('a', 'old')], testContext());
      const context = testContext();
      const reason = new ProviderError('cancelled', 'the caller has gone');
      context.controller.abort(reason);
      await assert.rejects(writer.write(volume.target, [planned('a', 'new')], context), reason);
      assert.deepEqual(contentsOf(volume.target), { a: 'file 644 old' });
    });

    it('stops staging when the signal fires, and leaves nothing of it', async () => {
      await writer.write(volume.target, [planned('a', 'old')], testContext());
      fs.utimesSync(volume.target, 1000, 1000);
      const context = testContext();
      const reason = new ProviderError('timed_out', 'not finished in time');
      const files = Array.from({ length: 500 }, (_, index) => planned(`d${index % 7}/f${index}`, 'x'.repeat(20_000)));
      const write = writer.write(volume.target, [planned('a', 'new'), ...files], context);
      setImmediate(() => {
        context.controller.abort(reason);
      });
      await assert.rejects(write, reason);
      assert.deepEqual(contentsOf(volume.target), { a: 'file 644 old' });
      assert.equal(fs.statSync(volume.target).mtimeMs, 1_000_000);
    });
  });

  it('warns of what was in the way and cannot be removed, after a success', async function () {
    fs.mkdirSync(at('a/mounted'), { recursive: true });
    const left = () => fs.readdirSync(volume.target).find((name) => name.startsWith('..'));
    if (!mountTmpfs(at('a/mounted'))) this.skip();
    try {
      const context = testContext();
      assert.equal((await writer.write(volume.target, [planned('a', 'new')], context)).changed, 1);
      assert.equal(context.warnings.length, 1);
      assert.match(
        context.warnings[0] ?? '',
        /^cannot remove "mounted" from the volume \(EBUSY\), nor \d more entries$/u,
      );
      assert.equal(fs.readFileSync(at('a'), 'utf8'), 'new');
    } finally {
      unmount(path.join(at(left() ?? ''), '2/mounted'));
    }
  });

  it('shows no value in an error', async () => {
    const canary = 'canary-5f1c';
    const files = [planned('a', canary), planned(tooLong, canary)];
    await assert.rejects(writer.write(volume.target, files, testContext()), (error: unknown) => {
      assert.ok(error instanceof ProviderError);
      assert.ok(!JSON.stringify([error, error.message, error.stack, error.cause]).includes(canary));
      return true;
    });
  });
});
