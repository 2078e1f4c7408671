/** Writes the files of an answer as the driver would, after the checks that the driver's writer makes. */
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ProviderError, describeError, escapeControls, quote } from '../errors.js';
import type { AnsweredFile } from './driver.js';

/**
 * Puts the files into the target, each whole or not at all.
 * @param former paths of the mount before this one: what is no longer listed goes, as with the driver
 * @throws ProviderError `invalid_request` for a set of paths that the driver could not write, `write_failed`
 */
export async function writeAsDriver(
  files: readonly AnsweredFile[],
  target: string,
  former: readonly string[] = [],
): Promise<void> {
  const problem = files.map(pathProblem).find((found) => found !== undefined) ?? setProblem(files);
  if (problem !== undefined) {
    throw new ProviderError('invalid_request', `the driver cannot write the provider's answer: ${problem}`);
  }
  try {
    await writeAll(files, target);
    const listed = new Set(files.map((file) => file.path));
    for (const gone of former.filter((candidate) => !listed.has(candidate))) {
      await rm(path.join(target, gone), { force: true });
    }
  } catch (cause) {
    const problem = escapeControls(describeError(cause));
    throw new ProviderError('write_failed', `cannot write into ${quote(target)}: ${problem}`, { cause });
  }
}

async function writeAll(files: readonly AnsweredFile[], target: string): Promise<void> {
  for (const file of files) {
    const final = path.join(target, file.path);
    await mkdir(path.dirname(final), { recursive: true });
    const staged = path.join(target, `..try-${randomBytes(6).toString('hex')}`);
    await writeFile(staged, file.contents, { mode: 0o600, flag: 'wx' });
    try {
      await chmod(staged, file.mode & 0o777);
      await rename(staged, final);
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  }
}

function pathProblem({ path: name }: AnsweredFile): string | undefined {
  const elements = name.split('/');
  if (name === '' || name.startsWith('/')) return `${quote(name)} is no relative path`;
  if (elements.some((element) => element === '' || element === '.'))
    return `${quote(name)} is not in its shortest form`;
  if (elements.includes('..') || elements[0]?.startsWith('..') === true)
    return `${quote(name)} has a forbidden element`;
  const isLong = Buffer.byteLength(name) > 4096 || elements.some((element) => Buffer.byteLength(element) > 255);
  return isLong ? `${quote(name)} is too long` : undefined;
}

/** What the driver does not check, and would get wrong. */
function setProblem(files: readonly AnsweredFile[]): string | undefined {
  const names = files.map((file) => file.path).sort();
  const twice = names.find((name, index) => name === names[index - 1]);
  if (twice !== undefined) return `${quote(twice)} is there twice`;
  const all = new Set(names);
  const nested = names.find((name) => parents(name).some((parent) => all.has(parent)));
  return nested === undefined ? undefined : `${quote(nested)} lies below another file`;
}

function parents(name: string): readonly string[] {
  const elements = name.split('/');
  return elements.slice(1).map((_, index) => elements.slice(0, index + 1).join('/'));
}
