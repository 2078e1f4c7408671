/** Clears what the driver left in a volume that is written by the provider now. */
import * as fs from 'node:fs';
import type { Folder } from './folder.js';
import { removeTree } from './remove.js';
import { TimeSlice } from './time-slice.js';
import { step } from './volume-error.js';

/** The driver's link to the set that counts, and the name of that set's directory. */
const dataLink = '..data';
const dataFolder = /^\.\.\d{4}_\d\d_\d\d_[^/]*$/;

/**
 * Removes the driver's set once no link of the volume leads into it. It holds old values; and should the driver write
 * this volume again, it would find that set, take it for what the volume shows, and give the pod no file at all.
 */
export async function removeDriverSet(target: Folder, warn: (message: string) => void): Promise<void> {
  const set = linkOf(target, dataLink);
  if (set === undefined || !dataFolder.test(set)) return;
  const names = step('list', '', () => target.names());
  if (names.some((name) => linkOf(target, name)?.startsWith(`${dataLink}/`) === true)) return;
  const slice = new TimeSlice();
  // The link first: as long as it is there, the driver may think that it leads to a whole set.
  await removeTree({ folder: target, name: dataLink, slice, warn });
  await removeTree({ folder: target, name: set, slice, warn });
}

/** Where an entry of the volume leads, when it is a link. */
function linkOf(target: Folder, name: string | Buffer): string | undefined {
  const shown = name.toString();
  if (step('look at', shown, () => target.look(name))?.isSymbolicLink() !== true) return undefined;
  return step('read', shown, () => fs.readlinkSync(target.at(name)));
}
