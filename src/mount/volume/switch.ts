/** Puts the staged entries in their places by renames, all in one turn of the event loop, or none of them. */
import * as fs from 'node:fs';
import { type Folder, hasCode, isSameEntry } from './folder.js';
import type { StagedChange, Staging } from './staging.js';
import { raceCodes, step, VolumeError } from './volume-error.js';

/** How one rename is taken back. */
interface Undo {
  readonly path: string;
  readonly run: () => void;
}

/**
 * Switches all changes without a pause. A file takes the place of a file, a link or a special file by one rename, so
 * that a reader finds the old or the new one; only what cannot be replaced so (a directory where a file is to be,
 * anything else where a directory is to be) is moved into the staging directory first.
 * @throws VolumeError after everything was taken back
 */
export function switchAll(target: Folder, staging: Staging, changes: readonly StagedChange[]): void {
  const undos: Undo[] = [];
  const folders = new OpenFolders(target);
  try {
    for (const change of changes) switchOne(folders, staging, { change, undos });
    folders.expectInPlace();
  } catch (error) {
    const notRestored = takeBack(undos);
    staging.keep = notRestored.length > 0;
    if (error instanceof VolumeError) error.notRestored = notRestored;
    throw error;
  } finally {
    folders.close();
  }
}

function switchOne(folders: OpenFolders, staging: Staging, work: { change: StagedChange; undos: Undo[] }): void {
  const { change, undos } = work;
  const path = [...change.parents, change.name].join('/');
  step('switch', path, () => {
    const folder = folders.open(change.parents);
    const place = folder.at(change.name);
    const staged = staging.folder.at(change.stagedName);
    const aside = staging.folder.at(staging.nextName());
    const there = folder.look(change.name);
    const ours = staging.folder.look(change.stagedName);
    const isOurs = (stats: fs.Stats | undefined): boolean =>
      stats !== undefined && ours !== undefined && isSameEntry(stats, ours);

    let kept = false;
    if (there !== undefined) {
      const isFolder = 'folders' in change.content;
      // A directory that was not there when we compared: it may hold files of the plan and of others.
      if (isFolder && there.isDirectory()) throw new VolumeError('switch', path);
      kept = !isFolder && !there.isDirectory() && keepByLink(place, aside);
      if (!kept) {
        fs.renameSync(place, aside);
        undos.push({
          path,
          run: () => {
            if (folder.look(change.name) === undefined) fs.renameSync(aside, place);
          },
        });
      }
    }
    fs.renameSync(staged, place);
    // Only while the entry is ours: what another writer has put there since is newer.
    const back = kept
      ? () => {
          fs.renameSync(aside, place);
        }
      : () => {
          fs.renameSync(place, staged);
        };
    undos.push({
      path,
      run: () => {
        if (isOurs(folder.look(change.name))) back();
      },
    });
  });
}

/**
 * Keeps what stands at `place` under a second name (a link itself, not what it leads to), so that the rename over it
 * leaves no moment without a file and can be taken back with the same inode. False where links are not to be had.
 */
function keepByLink(place: string | Buffer, aside: string | Buffer): boolean {
  try {
    fs.linkSync(place, aside);
    return true;
  } catch (error) {
    if (hasCode(error, raceCodes)) throw error;
    return false;
  }
}

/** Takes renames back, the last first; returns the paths where the system did not let it. */
function takeBack(undos: readonly Undo[]): string[] {
  const failed: string[] = [];
  for (const undo of undos.toReversed()) {
    try {
      undo.run();
    } catch {
      // Every other rename must still be taken back; the path is reported beside the error that brought us here.
      failed.push(undo.path);
    }
  }
  return failed;
}

/** The directories of the switch, each held open once. */
class OpenFolders {
  readonly #target: Folder;
  readonly #open = new Map<string, Folder>();

  constructor(target: Folder) {
    this.#target = target;
  }

  open(elements: readonly string[]): Folder {
    const last = elements.at(-1);
    if (last === undefined) return this.#target;
    const key = elements.join('/');
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const folder = this.open(elements.slice(0, -1)).enter(last);
    this.#open.set(key, folder);
    return folder;
  }

  /** @throws VolumeError (a race) when a directory that took files is no longer part of the volume */
  expectInPlace(): void {
    for (const [path, folder] of [['', this.#target] as const, ...this.#open]) {
      if (!step('switch files of', path, () => folder.isInPlace())) throw new VolumeError('switch files of', path);
    }
  }

  close(): void {
    for (const folder of this.#open.values()) folder.close();
  }
}
