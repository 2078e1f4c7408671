/** Temporary volumes for tests of the writer, and what they hold. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { PlannedFile } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';

/** A planned file with a text of its own. */
export function planned(filePath: string, contents = `value of ${filePath}`, mode = 0o644): PlannedFile {
  return { path: filePath, mode, contents: new Secret(contents), version: 'v1' };
}

/** A directory `target` in a temporary directory of its own; `base` other than the system's for another file system. */
export function makeVolume(base = os.tmpdir()): { readonly root: string; readonly target: string } {
  const root = fs.mkdtempSync(path.join(base, 'volume-'));
  const target = path.join(root, 'target');
  fs.mkdirSync(target);
  return { root, target };
}

/** The directory of a CSI volume as kubelet names it, on a tmpfs; `undefined` where none can be written. */
export function makeKubeletVolume(): { readonly root: string; readonly target: string } | undefined {
  try {
    if (fs.statfsSync('/dev/shm').type !== 0x01021994) return undefined;
    return kubeletVolumeIn('/dev/shm');
  } catch {
    return undefined;
  }
}

/** The same on any file system. */
export function kubeletVolumeIn(base: string): { readonly root: string; readonly target: string } {
  const root = fs.mkdtempSync(path.join(base, 'volume-'));
  const target = path.join(root, 'kubelet/pods/0f1c/volumes/kubernetes.io~csi/secrets/mount');
  fs.mkdirSync(target, { recursive: true });
  return { root, target };
}

export function discard(volume: { readonly root: string } | undefined): void {
  if (volume) fs.rmSync(volume.root, { recursive: true, force: true });
}

/** Every entry below a directory by its path: `dir`, `file 644 <contents>`, `link <to>`, or `special`. */
export function contentsOf(directory: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(path.join(directory, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name);
    const full = path.join(directory, name);
    if (entry.isDirectory()) {
      found[name] = 'dir';
      Object.assign(found, contentsOf(directory, name));
    } else if (entry.isFile()) {
      found[name] = `file ${modeOf(full)} ${fs.readFileSync(full, 'utf8')}`;
    } else {
      found[name] = entry.isSymbolicLink() ? `link ${fs.readlinkSync(full)}` : 'special';
    }
  }
  return found;
}

/** Permission bits in octal, the special ones too. */
export function modeOf(file: string): string {
  return (fs.lstatSync(file).mode & 0o7777).toString(8);
}

/** What changes when anything touches an entry. */
export function fingerprint(file: string): string {
  const { ino, mode, size, mtimeNs, ctimeNs } = fs.lstatSync(file, { bigint: true });
  return [ino, mode, size, mtimeNs, ctimeNs].join(' ');
}
