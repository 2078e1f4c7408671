/** Delivers a planned set of files into a pod's volume: the only code, with the files it calls, that touches one. */
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Secret } from '../../secret.js';
import type { MountContext, VolumeWriter, WriteResult } from '../ports.js';
import { filesIn, findChanges, readRegular } from './compare.js';
import { type FileTree, treeOf } from './file-tree.js';
import { removeDriverSet } from './driver-links.js';
import { Folder, systemCode } from './folder.js';
import { prune, removeStaleStaging } from './prune.js';
import { Staging } from './staging.js';
import { switchAll } from './switch.js';
import { isKubeletVolume, markWritten, openTarget, restoreWritten } from './target.js';
import { TimeSlice } from './time-slice.js';
import { VolumeError } from './volume-error.js';

export interface VolumeWriterOptions {
  /** Whether files that the plan no longer names are removed, in kubelet's CSI volumes only. */
  readonly pruneRemovedFiles: boolean;
}

/** Times that a write starts again because another writer changed the same volume under it. */
const attempts = 8;

/** Largest file that `read` gives, in bytes: 16 times the largest value of AWS. */
const readLimit = 1024 * 1024;

/** The writer of volumes; it keeps nothing between calls, and calls for one target may overlap. */
export function createVolumeWriter(options: VolumeWriterOptions): VolumeWriter {
  return {
    check: (targetPath) =>
      asPromise(() => {
        openTarget(targetPath).close();
      }),
    read: (targetPath, path) => asPromise(() => readFile(targetPath, path)),
    write: async (targetPath, files, context) => {
      const tree = treeOf(files);
      for (let attempt = 1; ; attempt += 1) {
        const target = openTarget(targetPath);
        try {
          return await writeSet(target, tree, {
            context,
            prunes: options.pruneRemovedFiles && isKubeletVolume(targetPath),
          });
        } catch (error) {
          if (!(error instanceof VolumeError)) throw error;
          if (!error.isRace || attempt === attempts) throw error.toProviderError(targetPath);
        } finally {
          target.close();
        }
        // Two writers in lockstep would meet again: a wait of random length parts them.
        await setTimeout(Math.random() * 5 * attempt);
      }
    },
  };
}

interface Delivery {
  readonly context: MountContext;
  readonly prunes: boolean;
}

async function writeSet(target: Folder, tree: FileTree, { context, prunes }: Delivery): Promise<WriteResult> {
  const changed = await replaceSet(target, tree, context);
  // The set is complete: from here on nothing fails the mount, and the signal no longer counts.
  const warnings = new LeftoverWarnings();
  const pruned = await tidy(target, prunes ? tree : undefined, warnings.add);
  warnings.tell(context);
  return { changed, pruned };
}

/** Stages and switches what differs; returns how many files that were. */
async function replaceSet(target: Folder, tree: FileTree, context: MountContext): Promise<number> {
  const slice = new TimeSlice(context.signal);
  const before = fs.statSync(target.self);
  const changes = await findChanges(target, tree, slice);
  if (changes.length === 0) return 0;
  const staging = Staging.create(target);
  const warnings = new LeftoverWarnings();
  try {
    switchAll(target, staging, await staging.stage(changes, slice));
  } catch (error) {
    await staging.remove(warnings.add);
    restoreWritten(target, before);
    warnings.tell(context);
    throw error;
  }
  await staging.remove(warnings.add);
  warnings.tell(context);
  return changes.reduce((sum, change) => sum + filesIn(change.content), 0);
}

/** Removes leftovers, prunes when there is a plan to prune by, and dates the volume; returns how many were pruned. */
async function tidy(target: Folder, plan: FileTree | undefined, warn: (message: string) => void): Promise<number> {
  let pruned = 0;
  const clearances = [
    () => removeStaleStaging(target, warn),
    async () => {
      if (plan !== undefined) pruned = await prune(target, plan, warn);
    },
    () => removeDriverSet(target, warn),
    // Last, for all others move it.
    () =>
      asPromise(() => {
        markWritten(target);
      }),
  ];
  for (const clear of clearances) {
    try {
      await clear();
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      warn(error.message);
    }
  }
  return pruned;
}

/** Gathers warnings of one mount, so that a thousand entries that cannot be removed make one sentence. */
class LeftoverWarnings {
  #first: string | undefined;
  #more = 0;

  readonly add = (message: string): void => {
    if (this.#first === undefined) this.#first = message;
    else this.#more += 1;
  };

  tell(context: MountContext): void {
    if (this.#first === undefined) return;
    context.warn(this.#more === 0 ? this.#first : `${this.#first}, nor ${this.#more} more entries`);
  }
}

/** Content of a regular file of the volume, reached through real directories only. */
function readFile(targetPath: string, path: string): Secret | undefined {
  const elements = path.split('/');
  const name = elements.pop() ?? '';
  const open: Folder[] = [];
  try {
    let folder = Folder.open(resolve(targetPath));
    open.push(folder);
    for (const element of elements) {
      folder = folder.enter(element);
      open.push(folder);
    }
    const contents = readRegular(folder, name, readLimit);
    return contents && new Secret(contents);
  } catch (error) {
    // Not there, a link on the way, not permitted: the caller fetches the value instead.
    if (systemCode(error) === undefined) throw error;
    return undefined;
  } finally {
    for (const folder of open) folder.close();
  }
}

/** Runs synchronous work; what it throws becomes a rejection. */
function asPromise<T>(work: () => T): Promise<T> {
  return new Promise((resolvePromise) => {
    resolvePromise(work());
  });
}
