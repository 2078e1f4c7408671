/** What a volume holds after a mount, read back from the disk. */
import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError, quote } from '../errors.js';
import { Secret } from '../secret.js';
import type { MountAnswer } from './driver.js';

export interface VolumeFile {
  /** Relative to the volume. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Absent when the mode lets the user who runs this not read it, such as 0000. */
  readonly value: Secret | undefined;
  /** AWS's version of the object behind the file. */
  readonly version: string;
}

/** The files that an answer lists, by path. @throws ProviderError `write_failed` when one is not there */
export async function readVolume(target: string, versions: MountAnswer['versions']): Promise<readonly VolumeFile[]> {
  const files = await Promise.all(versions.map(async ({ id, version }) => readOne(target, id, version)));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function readOne(target: string, name: string, version: string): Promise<VolumeFile> {
  const file = path.join(target, name);
  try {
    const { mode, size } = await lstat(file);
    return { path: name, mode: mode & 0o777, bytes: size, value: await readValue(file), version };
  } catch (cause) {
    throw new ProviderError('write_failed', `${quote(name)} was answered and is not in the volume`, { cause });
  }
}

async function readValue(file: string): Promise<Secret | undefined> {
  try {
    return new Secret(await readFile(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return undefined;
    throw error;
  }
}

/** Equal for two states of a file that no program in the pod can tell apart. */
export function fingerprint(file: VolumeFile): string {
  const content =
    file.value === undefined ? file.version : createHash('sha256').update(file.value.reveal()).digest('hex');
  return `${file.mode} ${content}`;
}
