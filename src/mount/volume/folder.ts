/** Directories held open, so that no link swapped in above or at an entry can lead the provider out of a volume. */
import * as fs from 'node:fs';

/** A name as the file system gives it: names that are not UTF-8 exist, and pruning must be able to remove them. */
export type EntryName = string | Buffer;

/** Linux's O_PATH, which Node does not name: holds a directory without asking for permission to list it. */
const holdOnly = 0o10000000;

/** Elsewhere (a laptop with macOS) paths are walked again for every call, after the same checks. */
const throughProc = process.platform === 'linux' && fs.existsSync('/proc/self/fd');

const folderFlags =
  fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW | (throughProc ? holdOnly : fs.constants.O_RDONLY);

/**
 * A directory held open. Its entries are reached through `/proc/self/fd/<n>/<name>`, which means this very directory
 * even when somebody renames it or puts a link in its place, and which spares long paths the kernel's limit of 4096.
 */
export class Folder {
  /** A path of the directory itself, for calls that act on it. */
  readonly self: string;
  readonly #openedAs: string | Buffer;
  readonly #descriptor: number;
  readonly #stats: fs.Stats;

  private constructor(path: string | Buffer) {
    this.#openedAs = path;
    this.#descriptor = fs.openSync(path, folderFlags);
    this.#stats = fs.fstatSync(this.#descriptor);
    this.self = throughProc ? `/proc/self/fd/${this.#descriptor}` : path.toString();
  }

  /**
   * Holds the directory at `path`, whose last element is not followed when it is a link.
   * @throws the system's error; ENOTDIR or ELOOP for a link
   */
  static open(path: string | Buffer): Folder {
    return new Folder(path);
  }

  /** The path of an entry, for one call of `fs` that does not follow links at its end. */
  at(name: EntryName): string | Buffer {
    return typeof name === 'string' ? `${this.self}/${name}` : Buffer.concat([Buffer.from(`${this.self}/`), name]);
  }

  /** Holds the directory of that name in this one; errors as `open`. */
  enter(name: EntryName): Folder {
    return new Folder(this.at(name));
  }

  /** The directory of that name, or `undefined` when there is none: nothing, a file, a link. */
  enterIfFolder(name: EntryName): Folder | undefined {
    try {
      return this.enter(name);
    } catch (error) {
      if (hasCode(error, ['ENOENT', 'ENOTDIR', 'ELOOP'])) return undefined;
      throw error;
    }
  }

  /** What stands at the name, unfollowed; `undefined` when nothing does. */
  look(name: EntryName): fs.Stats | undefined {
    return fs.lstatSync(this.at(name), { throwIfNoEntry: false });
  }

  names(): Buffer[] {
    return fs.readdirSync(this.self, { encoding: 'buffer' });
  }

  /** Whether the path by which it was opened still leads here; the parent must still be open. */
  isInPlace(): boolean {
    const there = fs.lstatSync(this.#openedAs, { throwIfNoEntry: false });
    return there !== undefined && isSameEntry(there, this.#stats);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

/** Whether both describe one and the same entry of a file system. */
export function isSameEntry(one: fs.Stats, other: fs.Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** Whether an error is one of the system's with one of these codes. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  const code = systemCode(error);
  return code !== undefined && codes.includes(code);
}

/** The code of a system's error, such as `ENOSPC`; `undefined` for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
