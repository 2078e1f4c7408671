/** One listener on a Unix socket that appears under its path in a single step. */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { ProviderError, quote } from '../errors.js';

/** Longest path of a Unix socket in bytes: the kernel's 108 with the closing zero. Longer ones are cut in silence. */
export const socketPathBytes = 107;

/** What tells one file from another while both exist. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A listener whose file was put at `socketPath`; it may have been replaced there since. */
export interface BoundSocket {
  /** The kernel keeps the file while we listen, so that no other can get the same id. */
  readonly id: FileId;
  /** Removes the file when the path still leads to it, and stops listening; connections stay as they are. */
  readonly close: () => void;
}

/**
 * Listens under a short temporary name in the same directory and renames the socket onto its path, which replaces a
 * dead socket and a living one alike: there is no moment in which the path leads nowhere.
 * @throws ProviderError `start_failed`, with nothing left behind
 */
export async function bindSocket(
  socketPath: string,
  onConnection: (connection: net.Socket) => void,
): Promise<BoundSocket> {
  const size = Buffer.byteLength(socketPath);
  if (size > socketPathBytes) {
    const limit = `a Unix socket's path has at most ${socketPathBytes}`;
    throw startError(socketPath, `it has ${size} bytes, ${limit}: choose a shorter --provider-volume`);
  }
  const directory = path.dirname(socketPath);
  // As long as `aws.sock` itself, so that it fits wherever that does; random, because every container is process 1.
  const temporary = path.join(directory, `.${randomBytes(4).toString('hex').slice(0, 7)}`);
  const server = net.createServer(onConnection);
  try {
    makeDirectory(directory);
    await listenPrivately(server, temporary);
    const id = lstatSync(temporary, { bigint: true });
    renameSync(temporary, socketPath);
    return {
      id: { dev: id.dev, ino: id.ino },
      close: () => {
        if (sameFile(fileAt(socketPath), id)) rmSync(socketPath, { force: true });
        server.close();
      },
    };
  } catch (error) {
    server.close();
    throw startError(socketPath, describeFault(error, socketPath), error);
  }
}

/**
 * Makes a directory and those above it. Not left to Node: its own way never ends where a directory exists but takes no
 * entries (`/proc`, or one that was removed while it was mounted here).
 */
function makeDirectory(directory: string): void {
  try {
    makeOne(directory);
  } catch (error) {
    const parent = path.dirname(directory);
    if (!isNodeError(error) || error.code !== 'ENOENT' || parent === directory) throw error;
    makeDirectory(parent);
    makeOne(directory);
  }
}

function makeOne(directory: string): void {
  try {
    // Whoever could write there could take the place of the socket, and would be sent the tokens of every pod.
    mkdirSync(directory, 0o755);
  } catch (error) {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** The file at a path, a link itself and not what it leads to; `undefined` when there is none that can be looked at. */
export function fileAt(filePath: string): (FileId & { readonly isDirectory: boolean }) | undefined {
  try {
    const stats = lstatSync(filePath, { bigint: true });
    return { dev: stats.dev, ino: stats.ino, isDirectory: stats.isDirectory() };
  } catch {
    // Whatever keeps us from looking will keep us from binding too, and is told there.
    return undefined;
  }
}

export function sameFile(one: FileId | undefined, other: FileId | undefined): boolean {
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/** Only root may talk to the socket, from the moment it exists. */
function listenPrivately(server: net.Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The mask belongs to the whole process; `listen` binds before it returns, so no other file is made under it.
    const before = process.umask(0o177);
    try {
      server.listen(socketPath, () => {
        server.off('error', reject);
        // A failed `accept` (too many open files, say) is this connection's misfortune alone.
        server.on('error', () => undefined);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

function startError(socketPath: string, fault: string, cause?: unknown): ProviderError {
  return new ProviderError('start_failed', `cannot serve the socket ${quote(socketPath)}: ${fault}`, { cause });
}

function describeFault(error: unknown, socketPath: string): string {
  if (!isNodeError(error)) throw error;
  if (fileAt(socketPath)?.isDirectory === true) return 'a directory is in its place; remove it';
  const directory = quote(path.dirname(socketPath));
  if (error.code === 'EEXIST' || error.code === 'ENOTDIR') return `${directory} is not a directory`;
  return `${String(error.code)} in ${directory}; the provider must be able to create files there`;
}

function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
