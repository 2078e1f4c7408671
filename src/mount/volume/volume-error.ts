/** What can go wrong at one path of a volume, and how a user is told. */
import { ProviderError, quote } from '../../errors.js';
import { hasCode, systemCode } from './folder.js';

/** Codes that mean somebody else changed the volume between our look and our act: looking again helps. */
export const raceCodes = ['ENOENT', 'EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ESTALE'];

const remedies: Readonly<Record<string, string>> = {
  ENOSPC:
    "the volume's file system is full; it is a tmpfs in the node's memory: free memory on the node, or mount fewer or smaller objects",
  EDQUOT: 'the quota of the file system is used up',
  ENOMEM: "memory ran out; files of the volume count against the provider's memory limit: raise it",
  EROFS: 'the volume is read-only for the provider; check how the mountpoint-dir volume is mounted into its container',
  EACCES: 'the provider may not write there; it must own the directories of the volume (securityContext.runAsUser)',
  EPERM: 'the provider may not change it; check owner and attributes of what stands there',
  EBUSY: 'something is mounted there; unmount it, or choose another objectAlias',
  EXDEV: 'another file system is mounted inside the volume; unmount it, or choose another objectAlias',
  ENAMETOOLONG: 'the file system does not take so long a name; choose a shorter objectAlias',
  EMFILE: 'the provider has too many files open',
  ENFILE: 'the node has too many files open',
};

/** A step that failed at one path; becomes a ProviderError unless it is a race that another attempt wins. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly isRace: boolean;
  /** Paths whose previous entry could not be put back after the failure. */
  notRestored: readonly string[] = [];
  readonly #action: string;
  readonly #path: string;

  /**
   * @param action completes "cannot ..."
   * @param path relative to the target
   */
  constructor(action: string, path: string, cause?: unknown) {
    super(`cannot ${action} ${path === '' ? 'the volume' : quote(path)} (${systemCode(cause) ?? 'it changes'})`, {
      cause,
    });
    this.#action = action;
    this.#path = path;
    this.isRace = cause === undefined || hasCode(cause, raceCodes);
  }

  /** The error of the mount: which path of which volume, what failed, what to do. */
  toProviderError(targetPath: string): ProviderError {
    const code = systemCode(this.cause);
    const reasons = [code, code === undefined ? undefined : remedies[code]];
    if (this.isRace) reasons.push('another process keeps changing the volume; see that only one provider writes to it');
    if (this.notRestored.length > 0) {
      reasons.push(`what stood at ${this.notRestored.map(quote).join(', ')} could not be put back`);
    }
    const place = this.#path === '' ? '' : `${quote(this.#path)} in `;
    const reason = reasons.filter((part) => part !== undefined).join(': ');
    return new ProviderError('write_failed', `cannot ${this.#action} ${place}volume ${quote(targetPath)}: ${reason}`, {
      cause: this.cause ?? this,
    });
  }
}

/**
 * Does one step at a path of the volume.
 * @throws VolumeError when the system refuses it; any other error as it is
 */
export function step<T>(action: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new VolumeError(action, path, error);
  }
}
