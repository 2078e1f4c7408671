/** The staging directory of one write: what is new waits in it before the switch, what made room lies in it after. */
import * as fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { PlannedFile } from '../types.js';
import type { Change } from './compare.js';
import type { FileTree } from './file-tree.js';
import { Folder } from './folder.js';
import { removeTree } from './remove.js';
import { stagingMark } from './staging-mark.js';
import { isTmpfs } from './target.js';
import { TimeSlice } from './time-slice.js';
import { step } from './volume-error.js';

/** A change whose new entry waits in the staging directory under `stagedName`. */
export interface StagedChange extends Change {
  readonly stagedName: string;
}

/** Files that are open at once for being synced together; each sync on a disk takes a thread of four. */
const syncedTogether = 16;

const fdatasync = promisify(fs.fdatasync);

interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * A directory in the root of the target, closed to all but its owner. New directories are made in it with all they
 * hold and switched by one rename, so that none is ever seen with a mode of the umask's making, even after kill -9.
 */
export class Staging {
  readonly folder: Folder;
  /** Set when something could not be put back: what lies here then is the only copy. */
  keep = false;
  readonly #target: Folder;
  readonly #name: string;
  readonly #syncs: boolean;
  #entries = 0;
  #unsynced: OpenFile[] = [];

  private constructor(target: Folder, name: string, folder: Folder) {
    this.#target = target;
    this.#name = name;
    this.folder = folder;
    this.#syncs = !isTmpfs(folder);
  }

  /** @throws VolumeError when the target takes no new directory */
  static create(target: Folder): Staging {
    const name = `${stagingMark}${randomBytes(8).toString('hex')}`;
    step('stage files under', name, () => {
      fs.mkdirSync(target.at(name), 0o700);
    });
    try {
      return step('stage files under', name, () => {
        const folder = target.enter(name);
        fs.chmodSync(folder.self, 0o700);
        return new Staging(target, name, folder);
      });
    } catch (error) {
      fs.rmdirSync(target.at(name));
      throw error;
    }
  }

  /** A name in the staging directory that nothing has yet. */
  nextName(): string {
    this.#entries += 1;
    return this.#entries.toString(36);
  }

  /**
   * Writes and syncs all that is new.
   * @throws VolumeError at the first entry that fails, or the reason of the slice's signal
   */
  async stage(changes: readonly Change[], slice: TimeSlice): Promise<StagedChange[]> {
    const staged: StagedChange[] = [];
    try {
      for (const change of changes) {
        const stagedName = this.nextName();
        const path = [...change.parents, change.name].join('/');
        await this.#stageEntry({ folder: this.folder, name: stagedName, path, content: change.content, slice });
        staged.push({ ...change, stagedName });
      }
      await this.#syncAll();
    } finally {
      for (const file of this.#unsynced.splice(0)) fs.closeSync(file.descriptor);
    }
    await slice.breathe();
    return staged;
  }

  /** Removes the directory with all that is in it, unless it is to be kept; `warn` hears of what cannot be removed. */
  async remove(warn: (message: string) => void): Promise<void> {
    this.folder.close();
    if (this.keep) warn(`the volume keeps ${this.#name}, which holds what could not be put back`);
    else await removeTree({ folder: this.#target, name: this.#name, slice: new TimeSlice(), warn });
  }

  async #stageEntry(entry: {
    folder: Folder;
    name: string;
    path: string;
    content: PlannedFile | FileTree;
    slice: TimeSlice;
  }): Promise<void> {
    const { folder, name, path, content, slice } = entry;
    await slice.breathe();
    if (!('folders' in content)) {
      this.#unsynced.push({ path, descriptor: step('write', path, () => writeNew(folder, name, content)) });
      if (!this.#syncs || this.#unsynced.length >= syncedTogether) await this.#syncAll();
      return;
    }
    const made = step('make directory', path, () => makeFolder(folder, name));
    try {
      for (const [below, next] of [...content.files, ...content.folders]) {
        await this.#stageEntry({ folder: made, name: below, path: `${path}/${below}`, content: next, slice });
      }
    } finally {
      made.close();
    }
  }

  async #syncAll(): Promise<void> {
    const files = this.#unsynced.splice(0);
    // On a disk a sync takes milliseconds: in the thread pool. On a tmpfs there is nothing to do.
    const syncs = this.#syncs ? files.map((file) => fdatasync(file.descriptor)) : [];
    const outcomes = await Promise.allSettled(syncs);
    for (const file of files) fs.closeSync(file.descriptor);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue;
      step('write', files[index]?.path ?? '', () => {
        throw outcome.reason;
      });
    }
  }
}

function writeNew(folder: Folder, name: string, file: PlannedFile): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  const descriptor = fs.openSync(folder.at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fs.writeFileSync(descriptor, file.contents.reveal());
    // Not by the mode of open(): the umask takes bits from that one.
    fs.fchmodSync(descriptor, file.mode);
    return descriptor;
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
}

function makeFolder(parent: Folder, name: string): Folder {
  fs.mkdirSync(parent.at(name), 0o755);
  const folder = parent.enter(name);
  fs.chmodSync(folder.self, 0o755);
  return folder;
}
