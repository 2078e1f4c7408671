/** Where tests and releases keep the tools that they download or build, once a machine. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export function toolsDirectory(): string {
  // Empty counts as not set.
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  return process.env['SECRETS_STORE_TOOLS'] || path.join(cache, 'secrets-store-csi-driver-provider-aws');
}

/**
 * Makes a folder that is there whole or not at all: `fill` works beside its place, and gives the part that moves there.
 * Of two runs at once the second finds the work done.
 */
export function makeOnce(folder: string, fill: (work: string) => string): void {
  if (existsSync(folder)) return;
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    moveInto(fill(work), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Gives a finished folder its name, unless another run was faster. */
export function moveInto(finished: string, folder: string): void {
  try {
    renameSync(finished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}
