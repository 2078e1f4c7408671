import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { stagingMark } from '../../../src/mount/volume/staging-mark.js';
import type { PlannedFile } from '../../../src/mount/types.js';
import { createVolumeWriter } from '../../../src/mount/volume/write.js';
import { Secret } from '../../../src/secret.js';
import { testContext } from '../../support/contexts.js';
import { contentsOf, discard, fingerprint, makeVolume, modeOf, planned } from '../../support/volumes.js';

const writer = createVolumeWriter({ pruneRemovedFiles: false });

describe('VolumeWriter.write', () => {
  let volume: ReturnType<typeof makeVolume>;
  const at = (name: string) => path.join(volume.target, name);
  const write = (...files: PlannedFile[]) => writer.write(volume.target, files, testContext());

  beforeEach(() => {
    volume = makeVolume();
  });
  afterEach(() => {
    discard(volume);
  });

  it('writes regular files at their very paths, in directories that it makes, and leaves nothing else', async () => {
    const result = await write(
      planned('a', 'one'),
      planned('d/e/b', 'two'),
      planned('d/c', ''),
      planned('..x', 'four'),
    );
    assert.deepEqual(result, { changed: 4, pruned: 0 });
    assert.deepEqual(contentsOf(volume.target), {
      a: 'file 644 one',
      '..x': 'file 644 four',
      d: 'dir',
      'd/c': 'file 644 ',
      'd/e': 'dir',
      'd/e/b': 'file 644 two',
    });
  });

  it('writes bytes that are no text, and files of many pages', async () => {
    const large = Buffer.alloc(300_000, 'x');
    const bytes = Buffer.from([0, 255, 254, 10]);
    await write({ ...planned('bytes'), contents: new Secret(bytes) }, planned('large', large.toString()));
    assert.deepEqual(fs.readFileSync(at('large')), large);
    assert.deepEqual(fs.readFileSync(at('bytes')), bytes);
  });

  for (const umask of [0, 0o022, 0o077, 0o777]) {
    it(`gives files their exact mode and new directories 0755 under umask ${umask.toString(8)}`, async () => {
      const modes = [0, 0o400, 0o200, 0o444, 0o600, 0o644, 0o755, 0o777];
      const before = process.umask(umask);
      try {
        await write(...modes.map((mode) => planned(`d/e/${mode.toString(8)}`, 'x', mode)));
      } finally {
        process.umask(before);
      }
      for (const mode of modes) assert.equal(modeOf(at(`d/e/${mode.toString(8)}`)), mode.toString(8));
      assert.deepEqual([modeOf(at('d')), modeOf(at('d/e'))], ['755', '755']);
    });
  }

  it('leaves the mode of directories that are there', async () => {
    fs.mkdirSync(at('d'));
    fs.chmodSync(at('d'), 0o711);
    await write(planned('d/a'));
    assert.equal(modeOf(at('d')), '711');
  });

  it('leaves files alone that have content and mode already', async () => {
    await write(planned('a'), planned('d/b'), planned('c'));
    const before = ['a', 'd', 'd/b'].map((name) => fingerprint(at(name)));
    const result = await write(planned('a'), planned('d/b'), planned('c', 'new'));
    assert.deepEqual(result, { changed: 1, pruned: 0 });
    assert.deepEqual(
      before,
      ['a', 'd', 'd/b'].map((name) => fingerprint(at(name))),
    );
    assert.equal(fs.readFileSync(at('c'), 'utf8'), 'new');
  });

  it('replaces a file of which only the mode differs', async () => {
    await write(planned('a', 'same', 0o644));
    assert.equal((await write(planned('a', 'same', 0o400))).changed, 1);
    assert.deepEqual(contentsOf(volume.target), { a: 'file 400 same' });
  });

  it('replaces a file by a new one and never writes into the old', async () => {
    await write(planned('a', 'old', 0o400));
    const reader = fs.openSync(at('a'), 'r');
    await write(planned('a', 'new', 0o400));
    assert.equal(fs.readFileSync(reader, 'utf8'), 'old');
    fs.closeSync(reader);
  });

  it('replaces a file with special bits', async () => {
    fs.writeFileSync(at('a'), 'same');
    fs.chmodSync(at('a'), 0o4644);
    assert.equal((await write(planned('a', 'same', 0o644))).changed, 1);
    assert.equal(modeOf(at('a')), '644');
  });

  it('stages nothing when nothing changed', async () => {
    await write(planned('a'));
    const watcher = fs.watch(volume.target);
    const events: string[] = [];
    watcher.on('change', (_type, name) => events.push(String(name)));
    await write(planned('a'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    watcher.close();
    assert.deepEqual(
      events.filter((name) => name.startsWith('..')),
      [],
    );
  });

  for (const [title, files] of [
    ['nothing changed', [planned('d/a')]],
    ['only a file in a subdirectory did', [planned('d/a', 'new')]],
    ['a new file came', [planned('d/a'), planned('b')]],
  ] as const) {
    it(`sets the root's modification time when ${title}`, async () => {
      await write(planned('d/a'));
      fs.utimesSync(volume.target, 1000, 1000);
      const start = Date.now();
      await write(...files);
      const { mtimeMs } = fs.statSync(volume.target);
      assert.ok(mtimeMs >= start - 10 && mtimeMs <= Date.now() + 10, `mtime ${mtimeMs}, start ${start}`);
    });
  }

  it('leaves what the plan does not name', async () => {
    fs.mkdirSync(at('d'));
    fs.writeFileSync(at('d/other'), 'kept');
    fs.symlinkSync('/etc/passwd', at('link'));
    const before = ['d/other', 'link'].map((name) => fingerprint(at(name)));
    await write(planned('d/a'), planned('b'));
    assert.deepEqual(
      before,
      ['d/other', 'link'].map((name) => fingerprint(at(name))),
    );
  });

  describe('moves aside what blocks a path, follows no link, and removes it:', () => {
    const outside = () => path.join(volume.root, 'outside');
    const blockers: Record<string, (name: string) => Promise<void> | void> = {
      'a link to a file': (name) => {
        fs.symlinkSync(path.join(outside(), 'file'), name);
      },
      'a link to a directory': (name) => {
        fs.symlinkSync(outside(), name);
      },
      'a dangling link': (name) => {
        fs.symlinkSync('nowhere', name);
      },
      'a link to itself': (name) => {
        fs.symlinkSync(path.basename(name), name);
      },
      'a directory with files': (name) => {
        fs.mkdirSync(path.join(name, 'x/y'), { recursive: true });
        fs.symlinkSync(outside(), path.join(name, 'x/link'));
      },
      'a fifo': (name) => {
        execFileSync('mkfifo', [name]);
      },
      'a socket': (name) =>
        new Promise((resolve) => {
          const server = net.createServer().listen(name, () => {
            // Moved first, so that closing the server does not remove it.
            fs.renameSync(name, `${name}~`);
            server.close(() => {
              fs.renameSync(`${name}~`, name);
              resolve();
            });
          });
        }),
      'a file': (name) => {
        fs.writeFileSync(name, 'old');
      },
    };
    for (const [title, make] of Object.entries(blockers)) {
      it(`${title} where a file is to be`, async () => {
        fs.mkdirSync(outside());
        fs.writeFileSync(path.join(outside(), 'file'), 'outside');
        fs.mkdirSync(at('d'));
        await make(at('a'));
        await make(at('d/b'));
        await write(planned('a', 'one'), planned('d/b', 'two'));
        assert.deepEqual(contentsOf(volume.target), { a: 'file 644 one', d: 'dir', 'd/b': 'file 644 two' });
        assert.deepEqual(contentsOf(outside()), { file: 'file 644 outside' });
      });
      if (title === 'a directory with files') continue;
      it(`${title} where a directory is to be`, async () => {
        fs.mkdirSync(outside());
        fs.writeFileSync(path.join(outside(), 'file'), 'outside');
        fs.mkdirSync(at('d'));
        await make(at('a'));
        await make(at('d/b'));
        await write(planned('a/x/file', 'one'), planned('d/b/file', 'two'));
        assert.deepEqual(contentsOf(volume.target), {
          a: 'dir',
          'a/x': 'dir',
          'a/x/file': 'file 644 one',
          d: 'dir',
          'd/b': 'dir',
          'd/b/file': 'file 644 two',
        });
        assert.deepEqual(contentsOf(outside()), { file: 'file 644 outside' });
      });
    }
  });

  it('does not take a link to the right content for the file', async () => {
    fs.writeFileSync(path.join(volume.root, 'same'), 'x');
    fs.symlinkSync('../same', at('a'));
    assert.equal((await write(planned('a', 'x'))).changed, 1);
    assert.deepEqual(contentsOf(volume.target), { a: 'file 644 x' });
  });

  it('writes paths as long as the driver allows', async () => {
    const long = `${'d'.repeat(200)}/`.repeat(20) + 'f'.repeat(76);
    assert.equal(long.length, 4096);
    await write(planned(long, 'x'));
    assert.equal((await write(planned(long, 'x'))).changed, 0);
    assert.equal((await writer.read(volume.target, long))?.revealText(), 'x');
    // Too long a path for Node's own removal.
    execFileSync('rm', ['-rf', volume.target]);
  });

  it('writes many files without holding up the event loop for long', async () => {
    const files = Array.from({ length: 2000 }, (_, index) => planned(`d${index % 50}/f${index}`, 'x'.repeat(1000)));
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    assert.equal((await write(...files)).changed, 2000);
    clearInterval(timer);
    assert.ok(longest < 1000, `held up for ${longest} ms`);
  });

  it('closes every file that it opens', async () => {
    const open = () => fs.readdirSync('/proc/self/fd').length;
    if (!fs.existsSync('/proc/self/fd')) return;
    fs.symlinkSync('/', at('a'));
    await write(planned('warm'));
    const before = open();
    await write(planned('a/b'), planned('d/e/f'), planned('warm', 'x'));
    await write(planned('a/b', 'y'), planned('d/e/f', 'y'));
    await assert.rejects(write(planned('a/b', 'z'), planned(`d/${'n'.repeat(256)}`)));
    await writer.check(volume.target);
    await writer.read(volume.target, 'a/b');
    assert.equal(open(), before);
  });

  for (const bad of ['', '/a', 'a//b', 'a/', './a', '..', 'a/../b', 'a\0b', `${stagingMark}x`, `${stagingMark}x/y`]) {
    it(`takes the path ${JSON.stringify(bad)} for a bug of the planner`, async () => {
      await assert.rejects(write(planned(bad)), TypeError);
      assert.deepEqual(contentsOf(volume.root), { target: 'dir' });
    });
  }

  for (const pair of [
    ['a', 'a'],
    ['a', 'a/b'],
    ['a/b', 'a'],
  ] as const) {
    it(`takes the paths ${pair.join(' and ')} together for a bug of the planner`, async () => {
      await assert.rejects(write(planned(pair[0]), planned(pair[1])), TypeError);
    });
  }

  it('refuses more directories than a volume may need', async () => {
    const deep = 'a/'.repeat(2001) + 'f';
    await assert.rejects(write(planned(deep)), {
      code: 'invalid_objects',
      message:
        'the files need 2001 directories in the volume, at most 2000 are made; use fewer "/" in names and aliases',
    });
    assert.deepEqual(contentsOf(volume.target), {});
  });
});
