/** Loads the parts of the program together with what V8 compiled of them in an earlier process. */
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { crc32 } from 'node:zlib';

interface Part {
  readonly exports: object;
}

/** Where the code of one source is kept. */
interface Kept {
  readonly file: string;
  /** Of the source. */
  readonly digest: string;
}

/** A script without code of an earlier process, or with code that was refused. */
interface Uncached {
  readonly kept: Kept;
  readonly script: vm.Script;
}

type Wrapper = (exports: object, require: (id: string) => unknown, module: Part, file: string, folder: string) => void;

/**
 * Node's own compile cache holds what loading a file compiles; functions that run later are compiled anew in each
 * process, which is much of what a first mount costs. The code that is kept here has them, for it is taken when the
 * process ends. It lies beside Node's, which looks after whose code it is and for which Node, and it holds code alone: no
 * values. V8 checks its own version and flags; the file's name says of which source it is. What V8 does not check is the
 * code itself: one damaged byte would end each process as it starts. So a checksum stands at the end of each file.
 */
export class PartLoader {
  readonly #folder: string;
  readonly #cache: string | undefined;
  readonly #parts = new Map<string, Part>();
  readonly #uncached: Uncached[] = [];
  readonly #require: NodeJS.Require;

  /**
   * @param folder where the parts are
   * @param cache where code is kept; none on Node 20 and without `NODE_COMPILE_CACHE`
   */
  constructor(folder: string, cache = compileCacheFolder()) {
    this.#folder = folder;
    this.#cache = cache;
    this.#require = module.createRequire(path.join(folder, '/'));
  }

  /** What the part of this name exports; the first call runs it. Parts load each other by relative names. */
  load(name: string): object {
    const known = this.#parts.get(name);
    if (known !== undefined) return known.exports;
    const part: Part = { exports: {} };
    this.#parts.set(name, part);
    const require = (id: string): unknown => (id.startsWith('./') ? this.load(id.slice(2)) : this.#require(id));
    try {
      const run = this.#compile(name).runInThisContext() as Wrapper;
      run(part.exports, require, part, path.join(this.#folder, name), this.#folder);
    } catch (error) {
      // As with Node's own `require`: whoever asks next must not get half of it.
      this.#parts.delete(name);
      throw error;
    }
    return part.exports;
  }

  /**
   * Keeps the code of all parts that came without. To be called at the end of a process that has done all kinds of its
   * work: later ones add nothing to it.
   */
  keep(): void {
    if (this.#cache === undefined || this.#uncached.length === 0 || !isWritable(this.#cache)) return;
    for (const { kept, script } of this.#uncached.splice(0)) {
      // Renamed into place: another process may be reading.
      const unfinished = `${kept.file}.${process.pid}`;
      try {
        writeFileSync(unfinished, sealed(script.createCachedData(), kept));
        renameSync(unfinished, kept.file);
      } catch {
        // A full disk, say: the next process compiles again.
        rmSync(unfinished, { force: true });
        return;
      }
    }
  }

  #compile(name: string): vm.Script {
    const filename = path.join(this.#folder, name);
    const bytes = readFileSync(filename);
    const source = `(function (exports, require, module, __filename, __dirname) {${bytes.toString()}\n})`;
    if (this.#cache === undefined) return new vm.Script(source, { filename });
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const kept = { file: path.join(this.#cache, `${digest}.code`), digest };
    const cachedData = readIfWhole(kept);
    const script = new vm.Script(source, { filename, ...(cachedData !== undefined && { cachedData }) });
    if (script.cachedDataRejected !== false) this.#uncached.push({ kept, script });
    return script;
  }
}

function compileCacheFolder(): string | undefined {
  return (module as { getCompileCacheDir?: () => string | undefined }).getCompileCacheDir?.();
}

const sealBytes = 4;

/** The code with its checksum behind it. */
function sealed(code: Buffer, { digest }: Kept): Buffer {
  const seal = Buffer.alloc(sealBytes);
  seal.writeUInt32LE(checksum(code, digest));
  return Buffer.concat([code, seal]);
}

/** The code as it was written, and for this source; else nothing. */
function readIfWhole({ file, digest }: Kept): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    // Whatever is wrong with it: the source is there.
    return undefined;
  }
  const length = bytes.length - sealBytes;
  if (length < 0) return undefined;
  const code = bytes.subarray(0, length);
  return checksum(code, digest) === bytes.readUInt32LE(length) ? code : undefined;
}

/** Against accidents, as in Node's own cache: a digest would cost each start milliseconds more. */
function checksum(code: Buffer, digest: string): number {
  return crc32(code, crc32(digest));
}

/** An image's file system is read-only, and its cache complete. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
