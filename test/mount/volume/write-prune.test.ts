import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { stagingMark } from '../../../src/mount/volume/staging-mark.js';
import { createVolumeWriter } from '../../../src/mount/volume/write.js';
import { testContext } from '../../support/contexts.js';
import { contentsOf, discard, fingerprint, makeKubeletVolume, makeVolume, planned } from '../../support/volumes.js';

const pruning = createVolumeWriter({ pruneRemovedFiles: true });
const keeping = createVolumeWriter({ pruneRemovedFiles: false });

/** What the driver leaves when it writes: links in the root to a directory behind a link. */
function writeAsDriver(target: string): void {
  const data = path.join(target, '..2024_05_01_10_00_00.123456789');
  fs.mkdirSync(path.join(data, 'd'), { recursive: true });
  fs.writeFileSync(path.join(data, 'a'), 'old a');
  fs.writeFileSync(path.join(data, 'd/b'), 'old b');
  fs.symlinkSync(path.basename(data), path.join(target, '..data'));
  fs.symlinkSync('..data/a', path.join(target, 'a'));
  fs.symlinkSync('..data/d', path.join(target, 'd'));
}

describe('VolumeWriter with pruneRemovedFiles', () => {
  let volume: NonNullable<ReturnType<typeof makeKubeletVolume>>;
  const at = (name: string) => path.join(volume.target, name);

  beforeEach(function () {
    const made = makeKubeletVolume();
    // Pruning happens in kubelet's volumes only, and those are refused on a disk.
    if (!made) this.skip();
    volume = made;
  });
  afterEach(() => {
    discard(volume);
  });

  it('removes every entry that is not in the plan, and counts them', async () => {
    await pruning.write(volume.target, [planned('a'), planned('d/b'), planned('d/c'), planned('e/f/g')], testContext());
    const before = fingerprint(at('d/b'));
    const result = await pruning.write(volume.target, [planned('d/b')], testContext());
    assert.deepEqual(result, { changed: 0, pruned: 5 });
    assert.deepEqual(contentsOf(volume.target), { d: 'dir', 'd/b': 'file 644 value of d/b' });
    assert.equal(fingerprint(at('d/b')), before);
  });

  it('follows no link while it removes', async () => {
    const outside = path.join(volume.root, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'file'), 'kept');
    fs.mkdirSync(at('d/e'), { recursive: true });
    for (const name of ['link', 'd/link', 'd/e/link']) fs.symlinkSync(outside, at(name));
    await pruning.write(volume.target, [planned('d/a', 'x')], testContext());
    assert.deepEqual(contentsOf(volume.target), { d: 'dir', 'd/a': 'file 644 x' });
    assert.deepEqual(contentsOf(outside), { file: 'file 644 kept' });
  });

  it('removes empty directories, and names that are not UTF-8, even one that reads like a planned one', async () => {
    fs.mkdirSync(at('empty/below'), { recursive: true });
    fs.writeFileSync(Buffer.concat([Buffer.from(`${volume.target}/`), Buffer.from([0xff])]), 'x');
    await pruning.write(volume.target, [planned('\ufffd', 'x')], testContext());
    assert.deepEqual(fs.readdirSync(volume.target, { encoding: 'buffer' }), [Buffer.from('\ufffd')]);
    assert.deepEqual(contentsOf(volume.target), { '\ufffd': 'file 644 x' });
  });

  it('clears what a volume that the driver wrote leaves', async () => {
    writeAsDriver(volume.target);
    const context = testContext();
    const result = await pruning.write(volume.target, [planned('a', 'new'), planned('d/b', 'new')], context);
    assert.deepEqual(contentsOf(volume.target), { a: 'file 644 new', d: 'dir', 'd/b': 'file 644 new' });
    assert.deepEqual(result, { changed: 2, pruned: 5 });
    assert.deepEqual(context.warnings, []);
  });

  it('takes over a volume that the driver wrote, whose set would empty it when the driver writes again', async () => {
    writeAsDriver(volume.target);
    await keeping.write(volume.target, [planned('a', 'new'), planned('d/b', 'new')], testContext());
    assert.deepEqual(contentsOf(volume.target), { a: 'file 644 new', d: 'dir', 'd/b': 'file 644 new' });
  });

  it('leaves the driver a set into which a link of the volume still leads', async () => {
    writeAsDriver(volume.target);
    await keeping.write(volume.target, [planned('d/b', 'new')], testContext());
    const data = '..2024_05_01_10_00_00.123456789';
    assert.deepEqual(contentsOf(volume.target), {
      '..data': `link ${data}`,
      [data]: 'dir',
      [`${data}/a`]: 'file 644 old a',
      [`${data}/d`]: 'dir',
      [`${data}/d/b`]: 'file 644 old b',
      a: 'link ..data/a',
      d: 'dir',
      'd/b': 'file 644 new',
    });
  });

  it('leaves a link and a folder of the class alone that only look like those of the driver', async () => {
    fs.mkdirSync(at('other'));
    fs.symlinkSync('other', at('..data'));
    await keeping.write(volume.target, [planned('a', 'x')], testContext());
    assert.deepEqual(contentsOf(volume.target), { '..data': 'link other', a: 'file 644 x', other: 'dir' });
  });

  it('leaves staging directories that another process may be using', async () => {
    const name = `${stagingMark}young`;
    fs.mkdirSync(at(name));
    fs.writeFileSync(at(`${name}/1`), 'x');
    await pruning.write(volume.target, [planned('a', 'x')], testContext());
    assert.deepEqual(contentsOf(volume.target), { a: 'file 644 x', [name]: 'dir', [`${name}/1`]: 'file 644 x' });
  });

  it('prunes nothing when the write fails', async () => {
    await pruning.write(volume.target, [planned('a', 'x'), planned('b', 'x')], testContext());
    const before = contentsOf(volume.target);
    const files = [planned('b', 'y'), planned('n'.repeat(256))];
    await assert.rejects(pruning.write(volume.target, files, testContext()), { code: 'write_failed' });
    assert.deepEqual(contentsOf(volume.target), before);
  });

  it('sets the modification time after pruning', async () => {
    await pruning.write(volume.target, [planned('d/a'), planned('d/b')], testContext());
    fs.utimesSync(volume.target, 1000, 1000);
    await pruning.write(volume.target, [planned('d/a')], testContext());
    assert.ok(Math.abs(fs.statSync(volume.target).mtimeMs - Date.now()) < 5000);
  });
});

describe('VolumeWriter outside of kubelet', () => {
  let volume: ReturnType<typeof makeVolume>;
  const at = (name: string) => path.join(volume.target, name);

  beforeEach(() => {
    volume = makeVolume();
  });
  afterEach(() => {
    discard(volume);
  });

  it('never prunes', async () => {
    await pruning.write(volume.target, [planned('a', 'x'), planned('b', 'x')], testContext());
    assert.equal((await pruning.write(volume.target, [planned('a', 'x')], testContext())).pruned, 0);
    assert.deepEqual(contentsOf(volume.target), { a: 'file 644 x', b: 'file 644 x' });
  });

  for (const [title, age, stays] of [
    ['leaves a staging directory of another process for ten minutes', 9 * 60, true],
    ['removes an older one, also when nothing changed', 11 * 60, false],
  ] as const) {
    it(title, async () => {
      const outside = path.join(volume.root, 'outside');
      fs.writeFileSync(outside, 'kept');
      await keeping.write(volume.target, [planned('a', 'x')], testContext());
      const name = `${stagingMark}0123456789abcdef`;
      fs.mkdirSync(at(`${name}/d`), { recursive: true });
      fs.writeFileSync(at(`${name}/d/1`), 'x');
      fs.symlinkSync(outside, at(`${name}/link`));
      const then = Date.now() / 1000 - age;
      fs.utimesSync(at(name), then, then);
      const result = await keeping.write(volume.target, [planned('a', 'x')], testContext());
      assert.deepEqual(result, { changed: 0, pruned: 0 });
      assert.equal(fs.existsSync(at(name)), stays);
      assert.equal(fs.readFileSync(outside, 'utf8'), 'kept');
    });
  }
});
