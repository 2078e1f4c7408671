/** The target directory itself: is it the driver's volume, on what file system, and when was it last written. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { randomBytes } from 'node:crypto';
import { ProviderError, quote } from '../../errors.js';
import { Folder, hasCode, systemCode } from './folder.js';
import { stagingMark } from './staging-mark.js';
import { step } from './volume-error.js';

/** File system type of a tmpfs in `statfs`. */
const tmpfsType = 0x01021994;

const kubeletVolume = /\/pods\/[^/]+\/volumes\/kubernetes\.io~csi\/[^/]+\/mount$/u;

/** Whether a path is where kubelet mounts a CSI volume, whatever kubelet's root directory. */
export function isKubeletVolume(targetPath: string): boolean {
  return kubeletVolume.test(path.resolve(targetPath));
}

/**
 * Holds the target directory open, after all checks on it.
 * @throws ProviderError `invalid_request` when it is no directory, `target_not_tmpfs`
 */
export function openTarget(targetPath: string): Folder {
  // Without the trailing slash that would make the system follow a link.
  const clean = path.resolve(targetPath);
  let target: Folder | undefined;
  try {
    target = Folder.open(clean);
    if (!isKubeletVolume(clean) || isTmpfs(target)) return target;
  } catch (error) {
    target?.close();
    throw notDirectory(clean, error);
  }
  target.close();
  throw new ProviderError(
    'target_not_tmpfs',
    `target path ${quote(clean)} is not a tmpfs: the driver's mount did not reach the provider, and secrets would land on the node's disk; ` +
      'check that the provider mounts the volume mountpoint-dir with mountPropagation HostToContainer, and that kubeletPath is the directory that kubelet really uses',
  );
}

/** Whether files in it live in memory only, where nothing needs syncing. */
export function isTmpfs(folder: Folder): boolean {
  return fs.statfsSync(folder.self).type === tmpfsType;
}

/**
 * Sets the target's mtime to now: the driver counts the rotation interval from it, also when nothing was written.
 * @throws VolumeError when the system refuses it
 */
export function markWritten(target: Folder): void {
  step('set the modification time of', '', () => {
    const now = new Date();
    try {
      fs.utimesSync(target.self, now, now);
    } catch (error) {
      if (!hasCode(error, ['EPERM', 'EACCES'])) throw error;
      // Only an owner may set times; who may write can still move them, by an entry that comes and goes.
      const name = `${stagingMark}${randomBytes(8).toString('hex')}`;
      fs.mkdirSync(target.at(name));
      fs.rmdirSync(target.at(name));
    }
  });
}

/**
 * Puts the target's mtime back after a failure: staging moved it, and the driver would let a whole rotation interval
 * pass before it tries again.
 */
export function restoreWritten(target: Folder, before: fs.Stats): void {
  try {
    // In seconds, for a Date would cut what is finer than a millisecond.
    fs.utimesSync(target.self, before.atimeMs / 1000, before.mtimeMs / 1000);
  } catch (error) {
    // Only the pace of the next attempt depends on it; the error that brought us here is the one to report.
    if (systemCode(error) === undefined) throw error;
  }
}

function notDirectory(targetPath: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const fault =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'ENOTDIR' || code === 'ELOOP'
        ? 'is not a directory'
        : `cannot be opened (${code})`;
  return new ProviderError(
    'invalid_request',
    `target path ${quote(targetPath)} ${fault}: the driver must have created the directory before it calls; ` +
      'check that the provider mounts the volume mountpoint-dir and that kubeletPath is right',
    { cause: error },
  );
}
