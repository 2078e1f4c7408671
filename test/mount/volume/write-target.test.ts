import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as os from 'node:os';
import { createVolumeWriter } from '../../../src/mount/volume/write.js';
import { testContext } from '../../support/contexts.js';
import { contentsOf, discard, kubeletVolumeIn, makeKubeletVolume, makeVolume, planned } from '../../support/volumes.js';

const writer = createVolumeWriter({ pruneRemovedFiles: true });
const advice =
  'the driver must have created the directory before it calls; check that the provider mounts the volume mountpoint-dir and that kubeletPath is right';

describe('VolumeWriter.check', () => {
  let volume: ReturnType<typeof makeVolume>;

  beforeEach(() => {
    volume = makeVolume();
  });
  afterEach(() => {
    discard(volume);
  });

  it('accepts a directory on any file system', async () => {
    await writer.check(volume.target);
    await writer.check(`${volume.target}/`);
  });

  for (const method of ['check', 'write'] as const) {
    const call = (target: string) =>
      method === 'check' ? writer.check(target) : writer.write(target, [planned('a')], testContext());

    it(`refuses a target that does not exist (${method})`, async () => {
      const target = path.join(volume.root, 'gone');
      await assert.rejects(call(target), {
        code: 'invalid_request',
        message: `target path "${target}" does not exist: ${advice}`,
      });
    });

    it(`refuses a file and a link as target, and follows no link (${method})`, async () => {
      const file = path.join(volume.root, 'file');
      const link = path.join(volume.root, 'link');
      fs.writeFileSync(file, '');
      fs.symlinkSync(volume.target, link);
      for (const target of [file, link, `${link}/`]) {
        await assert.rejects(call(target), {
          code: 'invalid_request',
          message: `target path "${path.resolve(target)}" is not a directory: ${advice}`,
        });
      }
      assert.deepEqual(contentsOf(volume.target), {});
    });

    it(`refuses a kubelet CSI volume that is not a tmpfs (${method})`, async function () {
      if (fs.statfsSync(os.tmpdir()).type === 0x01021994) this.skip();
      const onDisk = kubeletVolumeIn(os.tmpdir());
      try {
        for (const target of [onDisk.target, `${onDisk.target}/`]) {
          await assert.rejects(call(target), {
            code: 'target_not_tmpfs',
            message:
              `target path "${onDisk.target}" is not a tmpfs: the driver's mount did not reach the provider, and secrets would land on the node's disk; ` +
              'check that the provider mounts the volume mountpoint-dir with mountPropagation HostToContainer, and that kubeletPath is the directory that kubelet really uses',
          });
        }
        assert.deepEqual(contentsOf(onDisk.target), {});
      } finally {
        discard(onDisk);
      }
    });
  }

  it('accepts a kubelet CSI volume on a tmpfs, and files are written there', async function () {
    const inMemory = makeKubeletVolume();
    if (!inMemory) this.skip();
    try {
      await writer.check(inMemory.target);
      assert.deepEqual(await writer.write(inMemory.target, [planned('d/a', 'x')], testContext()), {
        changed: 1,
        pruned: 0,
      });
      assert.deepEqual(contentsOf(inMemory.target), { d: 'dir', 'd/a': 'file 644 x' });
    } finally {
      discard(inMemory);
    }
  });

  it('asks for a tmpfs only where the whole path is that of a kubelet CSI volume', async () => {
    for (const below of ['pods/u/volumes/kubernetes.io~csi/mount', 'pods/u/volumes/kubernetes.io~csi/v/mount/sub']) {
      const target = path.join(volume.root, below);
      fs.mkdirSync(target, { recursive: true });
      await writer.check(target);
    }
  });
});

describe('VolumeWriter.read', () => {
  let volume: ReturnType<typeof makeVolume>;
  const at = (name: string) => path.join(volume.target, name);
  const read = async (name: string) => (await writer.read(volume.target, name))?.revealText();

  beforeEach(() => {
    volume = makeVolume();
  });
  afterEach(() => {
    discard(volume);
  });

  it('returns the content of a regular file, in subdirectories too', async () => {
    fs.mkdirSync(at('d/e'), { recursive: true });
    fs.writeFileSync(at('a'), 'one');
    fs.writeFileSync(at('d/e/b'), 'two');
    fs.writeFileSync(at('empty'), '');
    assert.deepEqual([await read('a'), await read('d/e/b'), await read('empty')], ['one', 'two', '']);
  });

  it('returns nothing for what is missing, a directory, or below a file', async () => {
    fs.mkdirSync(at('d'));
    fs.writeFileSync(at('a'), 'one');
    for (const name of ['gone', 'd', 'a/b', 'gone/b', 'n'.repeat(300)]) assert.equal(await read(name), undefined);
    assert.equal(await writer.read(path.join(volume.root, 'gone'), 'a'), undefined);
  });

  it('follows no link, neither at the end nor on the way nor as target', async () => {
    fs.mkdirSync(at('d'));
    fs.writeFileSync(at('d/a'), 'one');
    fs.symlinkSync('d/a', at('end'));
    fs.symlinkSync('d', at('way'));
    fs.symlinkSync('target', path.join(volume.root, 'link'));
    assert.deepEqual([await read('end'), await read('way/a')], [undefined, undefined]);
    assert.equal(await writer.read(path.join(volume.root, 'link'), 'd/a'), undefined);
    assert.equal(await read('d/a'), 'one');
  });

  it('returns nothing for a fifo and does not wait at it', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    assert.equal(await read('fifo'), undefined);
  });

  it('returns nothing for a file that is too large to be a value', async () => {
    fs.writeFileSync(at('large'), '');
    fs.truncateSync(at('large'), 1024 * 1024 + 1);
    assert.equal(await read('large'), undefined);
    fs.truncateSync(at('large'), 1024 * 1024);
    assert.equal((await writer.read(volume.target, 'large'))?.byteLength, 1024 * 1024);
  });
});
