import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bundleChild, type ChildProgram, ended } from '../../support/volume-children.js';
import { assertFinishes, assertShared, assertWhole, makeSet } from '../../support/volume-sets.js';
import { discard, makeVolume } from '../../support/volumes.js';

describe('VolumeWriter killed by SIGKILL', function () {
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
    // In memory, as in production, and quick.
    volume = makeVolume(fs.existsSync('/dev/shm') ? '/dev/shm' : undefined);
  });
  afterEach(() => {
    discard(volume);
  });

  it('leaves every file whole when it is killed before any of its calls, and the next write finishes the set', async () => {
    const sets = [makeSet('A', 4), makeSet('B', 4)];
    const kill = async (killAt: number): Promise<boolean> => {
      const target = path.join(volume.root, String(killAt));
      fs.mkdirSync(target);
      const end = await ended(program.start({ target, sets, killAt }));
      assertWhole(target, sets);
      assertShared(target, sets[1] ?? []);
      await assertFinishes(target, sets[killAt % 2] ?? []);
      if (end.signal === null) assert.equal(end.code, 0, end.errors);
      return end.signal === 'SIGKILL';
    };
    let killAt = 1;
    while ((await Promise.all([kill(killAt), kill(killAt + 1), kill(killAt + 2)])).every(Boolean)) killAt += 3;
    assert.ok(killAt > 40, `killed only before ${killAt} calls`);
  });

  it('leaves every file whole when it is killed at a random moment', async () => {
    const sets = [makeSet('A', 60), makeSet('B', 60)];
    for (let round = 0; round < 30; round += 1) {
      const child = program.start({ target: volume.target, sets, loop: true });
      const end = ended(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      await setTimeout(Math.random() * 25);
      child.kill('SIGKILL');
      assert.equal((await end).signal, 'SIGKILL', (await end).errors);
      assertWhole(volume.target, sets);
      if (round > 0) assertShared(volume.target, sets[0] ?? []);
      await assertFinishes(volume.target, sets[round % 2] ?? []);
    }
  });
});
