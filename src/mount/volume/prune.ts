/** Removes what no longer belongs into a volume: entries outside the plan, staging directories of dead processes. */
import type { FileTree } from './file-tree.js';
import type { Folder } from './folder.js';
import { removeTree } from './remove.js';
import { stagingMark } from './staging-mark.js';
import { TimeSlice } from './time-slice.js';
import { step } from './volume-error.js';

/**
 * Age from which a staging directory is a dead process's: a mount ends after 90 s and kubelet gives up after 2 minutes,
 * so a younger one may belong to the other provider of a roll-out, which is about to switch from it.
 */
const staleAfterMs = 10 * 60_000;

/**
 * Removes everything that the plan does not name, also the links and `..` directories of a volume that the driver
 * wrote. Staging directories are left to `removeStaleStaging`. What cannot be removed stays, with a warning.
 * @returns how many entries went
 */
export async function prune(target: Folder, tree: FileTree, warn: (message: string) => void): Promise<number> {
  const slice = new TimeSlice();
  const walk = async (folder: Folder, plan: FileTree): Promise<number> => {
    let removed = 0;
    for (const name of step('list', '', () => folder.names())) {
      const text = name.toString();
      if (folder === target && text.startsWith(stagingMark)) continue;
      // A name that is not UTF-8 decodes to another one, which the plan may hold.
      const isExact = Buffer.from(text).equals(name);
      if (isExact && plan.files.has(text)) continue;
      const below = isExact ? plan.folders.get(text) : undefined;
      if (below === undefined) {
        removed += await removeTree({ folder, name, slice, warn });
        continue;
      }
      const child = step('enter', text, () => folder.enterIfFolder(name));
      // Another writer has put something else there since the switch: its business.
      if (child === undefined) continue;
      removed += await walk(child, below).finally(() => {
        child.close();
      });
    }
    return removed;
  };
  return walk(target, tree);
}

/** Removes staging directories that nobody can be using any more. */
export async function removeStaleStaging(target: Folder, warn: (message: string) => void): Promise<void> {
  const slice = new TimeSlice();
  for (const name of step('list', '', () => target.names())) {
    if (!name.toString().startsWith(stagingMark)) continue;
    const stats = step('look at', name.toString(), () => target.look(name));
    if (stats === undefined || Date.now() - stats.mtimeMs < staleAfterMs) continue;
    await removeTree({ folder: target, name, slice, warn });
  }
}
