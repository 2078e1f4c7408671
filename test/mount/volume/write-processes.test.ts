import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ProviderError } from '../../../src/errors.js';
import { createVolumeWriter } from '../../../src/mount/volume/write.js';
import { testContext } from '../../support/contexts.js';
import { bundleChild, type ChildProgram, ended } from '../../support/volume-children.js';
import { assertFinishes, assertWhole, type FileSet, makeSet } from '../../support/volume-sets.js';
import { contentsOf, discard, makeVolume, planned } from '../../support/volumes.js';

const writer = createVolumeWriter({ pruneRemovedFiles: false });

describe('VolumeWriter in several processes', function () {
  this.timeout(60_000);
  let program: ChildProgram;
  let volume: ReturnType<typeof makeVolume>;

  before(() => {
    program = bundleChild();
  });
  after(() => {
    program.remove();
  });
  beforeEach(() => {
    volume = makeVolume(fs.existsSync('/dev/shm') ? '/dev/shm' : undefined);
  });
  afterEach(() => {
    discard(volume);
  });

  it('never shows half a file while two processes write different sets', async () => {
    const sets = [makeSet('A', 30), makeSet('B', 30)];
    const children = [
      program.start({ target: volume.target, sets, loop: true }),
      program.start({ target: volume.target, sets: sets.toReversed(), loop: true }),
    ];
    const ends = Promise.all(children.map(ended));
    const until = performance.now() + 1200;
    while (performance.now() < until) {
      assertWhole(volume.target, sets);
      await setTimeout(1);
    }
    for (const child of children) child.kill('SIGKILL');
    for (const end of await ends) assert.equal(end.signal, 'SIGKILL', end.errors);
    await assertFinishes(volume.target, sets[0] ?? []);
  });

  it('finishes when two calls write one target at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const sets = ['A', 'B'].map((label) => makeSet(label, 20).map(([name, text, mode]) => planned(name, text, mode)));
      await Promise.all(sets.map((files) => writer.write(volume.target, files, testContext())));
      assertWhole(volume.target, [makeSet('A', 20), makeSet('B', 20)]);
    }
    await assertFinishes(volume.target, makeSet('B', 20));
  });

  it('writes nothing outside while a directory is swapped for a link again and again', async () => {
    const outside = path.join(volume.root, 'outside');
    const folder = path.join(volume.target, 'd');
    fs.mkdirSync(outside);
    fs.mkdirSync(folder);
    const swapper = `
      const fs = require('fs'); const [d, outside] = process.argv.slice(1);
      const tries = (work) => { try { work(); } catch {} };
      for (;;) {
        tries(() => fs.rmSync(d + '~', { recursive: true }));
        tries(() => fs.renameSync(d, d + '~'));
        tries(() => fs.symlinkSync(outside, d));
        tries(() => fs.unlinkSync(d));
        tries(() => fs.renameSync(d + '~', d));
      }`;
    const child = spawn(process.execPath, ['-e', swapper, folder, outside], { stdio: 'ignore' });
    let written = 0;
    let failed = 0;
    const until = performance.now() + 1000;
    try {
      for (let round = 0; performance.now() < until; round += 1) {
        const files = [planned('d/a', `a${round}`), planned('d/e/b', `b${round}`)];
        try {
          written += (await writer.write(volume.target, files, testContext())).changed;
          await writer.read(volume.target, 'd/a');
        } catch (error) {
          assert.ok(error instanceof ProviderError && error.code === 'write_failed', String(error));
          failed += 1;
        }
      }
    } finally {
      const end = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await end;
    }
    assert.deepEqual(contentsOf(outside), {});
    assert.ok(written > 0, `wrote nothing, failed ${failed} times`);
  });

  describe('with few rights', () => {
    const isRoot = process.getuid?.() === 0;
    const noCapabilities = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const old: FileSet = [0, 0o200, 0o400, 0o644].map((mode) => [`d/m${mode.toString(8)}`, 'old', mode]);
    const fresh: FileSet = [0o400, 0o200, 0, 0o644].map((mode, index) => [old[index]?.[0] ?? '', 'new', mode]);

    for (const [title, prefix, uid] of [
      ['as root without capabilities', noCapabilities, 0],
      ['as another owner of the directory', nobody, 65534],
    ] as const) {
      it(`replaces files that it may neither read nor write ${title}`, async function () {
        // Only root can give rights away.
        if (!isRoot || spawnSync(prefix[0] ?? '', [...prefix.slice(1), 'true']).status !== 0) this.skip();
        fs.chmodSync(volume.root, 0o755);
        fs.chownSync(volume.target, uid, uid);
        const end = await ended(program.start({ target: volume.target, sets: [old, fresh, fresh] }, prefix));
        assert.deepEqual(end, { code: 0, signal: null, errors: '' });
        const wanted = fresh.map(([name, contents, mode]) => [name, `file ${mode.toString(8)} ${contents}`] as const);
        assert.deepEqual(contentsOf(volume.target), { d: 'dir', ...Object.fromEntries(wanted) });
        assert.equal(fs.statSync(path.join(volume.target, 'd/m0')).uid, uid);
      });
    }

    it('moves the modification time of a directory that belongs to another, where it may write', async function () {
      if (!isRoot || spawnSync('setpriv', ['--version']).status !== 0) this.skip();
      fs.chmodSync(volume.root, 0o755);
      fs.chmodSync(volume.target, 0o777);
      fs.writeFileSync(path.join(volume.target, 'a'), 'x');
      fs.utimesSync(volume.target, 1000, 1000);
      const end = await ended(program.start({ target: volume.target, sets: [[['a', 'x', 0o644]]] }, nobody));
      assert.deepEqual(end, { code: 0, signal: null, errors: '' });
      assert.ok(Math.abs(fs.statSync(volume.target).mtimeMs - Date.now()) < 10_000);
      assert.deepEqual(contentsOf(volume.target), { a: 'file 644 x' });
    });
  });
});
