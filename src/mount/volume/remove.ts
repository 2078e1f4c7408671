/** Removes entries of a volume with all below them, following no link. */
import * as fs from 'node:fs';
import { quote } from '../../errors.js';
import { type EntryName, type Folder, hasCode, systemCode } from './folder.js';
import type { TimeSlice } from './time-slice.js';

export interface Removal {
  readonly folder: Folder;
  /** The entry of `folder` to remove. */
  readonly name: EntryName;
  readonly slice: TimeSlice;
  /** Hears of each entry that the system does not let go; it stays, and so do the directories above it. */
  readonly warn: (message: string) => void;
}

/** Removes one entry, and all that is below it when it is a directory; returns how many entries went. */
export async function removeTree({ folder, name, slice, warn }: Removal): Promise<number> {
  await slice.breathe();
  let removed = 0;
  try {
    if (folder.look(name)?.isDirectory() !== true) {
      fs.unlinkSync(folder.at(name));
      return 1;
    }
    const child = folder.enterIfFolder(name);
    if (child === undefined) return 0;
    try {
      for (const below of namesToRemove(child)) {
        removed += await removeTree({ folder: child, name: below, slice, warn });
      }
    } finally {
      child.close();
    }
    fs.rmdirSync(folder.at(name));
    return removed + 1;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    // Gone already: another writer of the same volume clears it too.
    if (!hasCode(error, ['ENOENT'])) warn(`cannot remove ${quote(name.toString())} from the volume (${code})`);
    return removed;
  }
}

/** A directory that may not be listed can still be removed when it is empty, so its names are not worth an error. */
function namesToRemove(folder: Folder): Buffer[] {
  try {
    return folder.names();
  } catch (error) {
    if (hasCode(error, ['EACCES'])) return [];
    throw error;
  }
}
