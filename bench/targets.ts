/** Directories to mount into, on a tmpfs as kubelet's volumes are, where this user may mount one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class Targets {
  readonly folder: string;
  /** False: the files lie on the disk of the temporary folder, and no control group counts them as memory. */
  readonly onTmpfs: boolean;

  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'bench-targets-'));
    this.onTmpfs = mountTmpfs(this.folder);
  }

  /** Whether this user may mount one. */
  static canBeTmpfs(): boolean {
    const targets = new Targets();
    targets.remove();
    return targets.onTmpfs;
  }

  /** A new empty directory. */
  make(name: string): string {
    const target = path.join(this.folder, name);
    mkdirSync(target);
    return target;
  }

  remove(): void {
    if (this.onTmpfs) execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function mountTmpfs(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'bench', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not root, or root of a container that may not mount
  }
}
