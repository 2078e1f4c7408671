/** Chooses and makes the directories that play the pods' volumes, and takes away what nobody asked to keep. */
import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError, describeError, escapeControls, quote } from '../errors.js';
import type { Cleanup } from './cleanup.js';
import type { PodVolume } from './pods.js';

export interface TargetOptions {
  /** The user's directory; absent means that nothing is kept. */
  readonly kept: string | undefined;
  /** Removed at the end as a whole, by somebody else. */
  readonly temporary: string;
  /** The volumes that are kept. */
  readonly pods: readonly PodVolume[];
}

/**
 * A directory for each of the pods; those made in `kept` are removed again at the end when they are empty.
 * @throws ProviderError `invalid_request` when one cannot be made
 */
export async function makeTargets(options: TargetOptions, cleanup: Cleanup): Promise<ReadonlyMap<PodVolume, string>> {
  const base = options.kept ?? options.temporary;
  const targets = new Map(options.pods.map((pod) => [pod, path.join(base, folderOf(pod, options))]));
  for (const target of targets.values()) {
    const firstMade = await makeDirectory(target);
    if (options.kept !== undefined && firstMade !== undefined) {
      cleanup.add(async () => {
        await removeEmpty(target, firstMade);
      });
    }
  }
  return targets;
}

/** @returns the topmost directory that had to be made */
async function makeDirectory(directory: string): Promise<string | undefined> {
  try {
    return await mkdir(directory, { recursive: true });
  } catch (cause) {
    const problem = escapeControls(describeError(cause));
    throw new ProviderError('invalid_request', `cannot make the directory ${quote(directory)}: ${problem}`, { cause });
  }
}

function folderOf(pod: PodVolume, { kept, pods }: TargetOptions): string {
  if (kept !== undefined && pods.length === 1) return '.';
  const isAlone = pods.filter(({ className }) => className === pod.className).length === 1;
  return isAlone ? pod.className : `${pod.namespace}_${pod.className}`;
}

async function removeEmpty(target: string, firstMade: string): Promise<void> {
  for (let directory = target; directory.startsWith(firstMade); directory = path.dirname(directory)) {
    try {
      await rmdir(directory);
    } catch (error) {
      // Holds what the user wanted to keep, or the user has taken it away.
      if (error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'ENOENT')) return;
      throw error;
    }
  }
}
