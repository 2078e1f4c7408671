/** Loads the parts of the program together with what V8 compiled of them in an earlier process. */
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

interface Part {
  readonly exports: object;
}

/** A script without code of an earlier process, or with code that V8 refused. */
interface Uncached {
  readonly file: string;
  readonly script: vm.Script;
}

type Wrapper = (exports: object, require: (id: string) => unknown, module: Part, file: string, folder: string) => void;

/**
 * Node's own compile cache holds what loading a file compiles; functions that run later are compiled anew in each
 * process, which is much of what a first mount costs. The code that is kept here has them, for it is taken when the
 * process ends. It lies beside Node's, which looks after whose code it is and for which Node, and it holds code alone: no
 * values. V8 checks its own version and flags; the file's name says of which source it is.
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
    for (const { file, script } of this.#uncached.splice(0)) {
      // Renamed into place: another process may be reading.
      const unfinished = `${file}.${process.pid}`;
      try {
        writeFileSync(unfinished, script.createCachedData());
        renameSync(unfinished, file);
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
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const file = path.join(this.#cache, `${hash}.code`);
    const cachedData = readIfThere(file);
    const script = new vm.Script(source, { filename, ...(cachedData !== undefined && { cachedData }) });
    if (script.cachedDataRejected !== false) this.#uncached.push({ file, script });
    return script;
  }
}

function compileCacheFolder(): string | undefined {
  return (module as { getCompileCacheDir?: () => string | undefined }).getCompileCacheDir?.();
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    // Whatever is wrong with it: the source is there.
    return undefined;
  }
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
