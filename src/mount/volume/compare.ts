/** Finds what in a volume differs from the plan; reads only, follows no link. */
import * as fs from 'node:fs';
import type { PlannedFile } from '../types.js';
import type { FileTree } from './file-tree.js';
import { type EntryName, type Folder, systemCode } from './folder.js';
import type { TimeSlice } from './time-slice.js';
import { step } from './volume-error.js';

/** One entry that the switch has to put in place: a file, or a directory with everything below it. */
export interface Change {
  /** The directories above it, all of which exist, from the target down. */
  readonly parents: readonly string[];
  readonly name: string;
  readonly content: PlannedFile | FileTree;
}

/**
 * The changes that make the volume hold the plan. A file is unchanged only if it is a regular one with exactly the
 * planned content and mode; one that cannot be read for comparison counts as changed.
 * @throws VolumeError when a directory of the plan cannot be entered
 */
export async function findChanges(target: Folder, tree: FileTree, slice: TimeSlice): Promise<Change[]> {
  const changes: Change[] = [];
  const walk = async (folder: Folder, plan: FileTree, parents: readonly string[]): Promise<void> => {
    for (const [name, file] of plan.files) {
      await slice.breathe();
      if (!isCurrent(folder, name, file)) changes.push({ parents, name, content: file });
    }
    for (const [name, below] of plan.folders) {
      const here = [...parents, name];
      const child = step('enter', here.join('/'), () => folder.enterIfFolder(name));
      if (child === undefined) changes.push({ parents, name, content: below });
      else
        await walk(child, below, here).finally(() => {
          child.close();
        });
    }
  };
  await walk(target, tree, []);
  return changes;
}

/** How many files a change brings. */
export function filesIn(content: PlannedFile | FileTree): number {
  if (!('folders' in content)) return 1;
  return [...content.folders.values()].reduce((sum, below) => sum + filesIn(below), content.files.size);
}

/**
 * The content of a regular file; `undefined` when it is anything else, larger than `limit` bytes, or unreadable.
 * Special files are not even opened: a fifo would hang or wake its writer.
 */
export function readRegular(folder: Folder, name: EntryName, limit: number): Buffer | undefined {
  try {
    const stats = folder.look(name);
    if (stats?.isFile() !== true || stats.size > limit) return undefined;
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const descriptor = fs.openSync(folder.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return fs.fstatSync(descriptor).isFile() ? readAll(descriptor, stats.size) : undefined;
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    // Whatever keeps us from reading it, the answer is the same: its content is not known.
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function isCurrent(folder: Folder, name: string, file: PlannedFile): boolean {
  const wanted = file.contents.reveal();
  try {
    const stats = folder.look(name);
    if (stats === undefined || (stats.mode & 0o7777) !== file.mode || stats.size !== wanted.byteLength) return false;
  } catch (error) {
    // What cannot be looked at counts as changed; the switch will say why if it cannot put the new one there.
    if (systemCode(error) === undefined) throw error;
    return false;
  }
  return readRegular(folder, name, wanted.byteLength)?.equals(wanted) ?? false;
}

function readAll(descriptor: number, size: number): Buffer {
  const buffer = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const read = fs.readSync(descriptor, buffer, filled, size - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}
