/** Parts of a program, run from their source or from what V8 compiled of it before. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { PartLoader } from '../../src/process/part-loader.js';

describe('a loader of parts', () => {
  let work = '';
  let folder = '';
  let cache = '';
  beforeEach(() => {
    work = mkdtempSync(path.join(tmpdir(), 'parts-'));
    folder = path.join(work, 'parts');
    cache = path.join(work, 'cache');
    for (const made of [folder, cache]) mkdirSync(made);
  });
  afterEach(() => {
    rmSync(work, { recursive: true, force: true });
  });

  const write = (name: string, source: string): void => {
    writeFileSync(path.join(folder, name), source);
  };
  const kept = () => readdirSync(cache).sort();
  let lives = 0;
  /**
   * What a process does: it loads the part, runs its function and ends. Each has the parts in another place, or V8 would
   * remember the script, as it does not in a new process.
   */
  const live = (cacheFolder = cache): unknown => {
    lives += 1;
    const place = path.join(work, String(lives));
    cpSync(folder, place, { recursive: true });
    const loader = new PartLoader(place, cacheFolder);
    const { run } = loader.load('a.js') as { run: () => unknown };
    const result = run();
    loader.keep();
    return result;
  };

  it('gives parts to each other and modules of Node to all, and runs each once', () => {
    write('a.js', "exports.both = [require('./b.js'), require('./b.js')]; exports.here = [__dirname, __filename];");
    write('b.js', "module.exports = { posix: require('node:path').posix };");
    const loader = new PartLoader(folder);
    const a = loader.load('a.js') as { both: { posix: unknown }[]; here: string[] };
    assert.equal(a.both[0]?.posix, path.posix);
    assert.equal(a.both[0], a.both[1]);
    assert.equal(a.both[0], loader.load('b.js'), 'loaded by the loader, which keeps its code, and not by Node');
    assert.deepEqual(a.here, [folder, path.join(folder, 'a.js')]);
    assert.equal(loader.load('a.js'), a);
  });

  it('lets parts that need each other see what is there so far', () => {
    write('a.js', "exports.early = 1; exports.seen = require('./b.js').seen; exports.run = () => exports.seen;");
    write('b.js', "exports.seen = require('./a.js').early;");
    assert.equal(live(), 1);
  });

  it('never gives half of a part whose run failed', () => {
    write('a.js', "exports.half = 1; require('./b.js');");
    const loader = new PartLoader(folder);
    assert.throws(() => loader.load('a.js'), /b\.js/);
    write('b.js', '');
    assert.deepEqual(loader.load('a.js'), { half: 1 });
    write('c.js', "exports.half = 1; throw new Error('at load');");
    for (const time of ['first', 'second']) assert.throws(() => loader.load('c.js'), /at load/, time);
  });

  it('keeps code under which the next process gives the same, and which that one leaves as it is', () => {
    write('a.js', "exports.run = () => [1, 2, 3].map((n) => n * 2).join('');");
    assert.equal(live(), '246');
    const [file = '', ...others] = kept();
    assert.match(file, /^[0-9a-f]{32}\.code$/);
    assert.deepEqual(others, []);
    const before = statSync(path.join(cache, file)).ino;
    assert.equal(live(), '246');
    assert.equal(statSync(path.join(cache, file)).ino, before);
  });

  it('keeps functions that ran, not only what loading compiled', () => {
    write('a.js', `exports.run = () => ${JSON.stringify('x'.repeat(100))};`);
    const idle = new PartLoader(folder, cache);
    idle.load('a.js');
    idle.keep();
    const [file = ''] = kept();
    const without = statSync(path.join(cache, file)).size;
    rmSync(path.join(cache, file));
    live();
    assert.ok(statSync(path.join(cache, file)).size > without);
  });

  it('never runs the code of another source, even of the same length', () => {
    write('a.js', "exports.run = () => 'old';");
    live();
    write('a.js', "exports.run = () => 'new';");
    assert.equal(live(), 'new');
    assert.equal(kept().length, 2);
  });

  it('runs the source when V8 refuses the code, and replaces it', () => {
    write('a.js', "exports.run = () => 'right';");
    live();
    const [name = ''] = kept();
    const file = path.join(cache, name);
    const good = readFileSync(file);
    const code = Buffer.from('of another V8');
    const seal = Buffer.alloc(4);
    seal.writeUInt32LE(crc32(code, crc32(path.basename(name, '.code'))));
    writeFileSync(file, Buffer.concat([code, seal]));
    assert.equal(live(), 'right');
    assert.equal(readFileSync(file).length, good.length);
  });

  it('hands V8 no code that was damaged, but runs the source and keeps its code', () => {
    write('a.js', "exports.run = () => ['r', 'i', 'ght'].map((part) => part.trim()).join('');");
    live();
    const file = path.join(cache, kept()[0] ?? '');
    const { length } = readFileSync(file);
    const flipped = Array.from({ length: 64 }, (_, index) => {
      const bytes = readFileSync(file);
      const place = Math.floor(((length - 1) * index) / 63);
      bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (index % 8)), place);
      return bytes;
    });
    const cut = [0, 3, 4, 30, length - 1].map((shorter) => readFileSync(file).subarray(0, shorter));
    for (const damaged of [...flipped, ...cut]) {
      writeFileSync(file, damaged);
      assert.equal(live(), 'right');
      assert.ok(!readFileSync(file).equals(damaged), 'the damaged code was taken');
    }
  });

  it('hands V8 no code that lies under the name of another source', () => {
    write('a.js', "exports.run = () => 'one';");
    live();
    const [one = ''] = kept();
    write('a.js', "exports.run = () => 'two';");
    live();
    const [two = ''] = kept().filter((name) => name !== one);
    cpSync(path.join(cache, one), path.join(cache, two));
    assert.equal(live(), 'two');
  });

  it('works without a cache, and with one that is gone', () => {
    write('a.js', "exports.run = () => 'still';");
    const { run } = new PartLoader(folder, undefined).load('a.js') as { run: () => unknown };
    assert.equal(run(), 'still');
    assert.equal(live(path.join(work, 'nowhere')), 'still');
    assert.deepEqual(kept(), []);
  });
});
