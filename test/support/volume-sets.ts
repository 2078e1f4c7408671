/** Sets of files that tests write over each other, and what must hold of a volume at any moment in between. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { stagingMark } from '../../src/mount/volume/staging-mark.js';
import { createVolumeWriter } from '../../src/mount/volume/write.js';
import { testContext } from './contexts.js';
import { contentsOf, planned } from './volumes.js';

/** Path, contents, mode. */
export type FileSet = readonly (readonly [string, string, number])[];

/** Two sets with files of several pages; each has files where the other needs directories. */
export function makeSet(label: string, count: number): FileSet {
  const value = (index: number) => `${label}${index} `.repeat(100 + 200 * (index % 7)) + label;
  const shared = Array.from({ length: count }, (_, index) => {
    const folder = ['', 'd/', 'd/e/', 'g/'][index % 4] ?? '';
    return [`${folder}f${index}`, value(index), label === 'A' ? 0o644 : 0o440] as const;
  });
  return label === 'A'
    ? [...shared, ['x', value(1), 0o644], ['y/in/file', value(2), 0o644], ['only-a/f', value(3), 0o600]]
    : [...shared, ['x/in/file', value(1), 0o644], ['y', value(2), 0o644], ['only-b', value(3), 0o600]];
}

/** Checks that every planned path which is a file is whole, as one of the sets says. */
export function assertWhole(target: string, sets: readonly FileSet[]): void {
  for (const [name] of sets.flat()) {
    const wanted = sets.flatMap((set) => set.filter(([other]) => other === name));
    let found: string;
    let mode: number;
    try {
      const descriptor = fs.openSync(path.join(target, name), 'r');
      const stats = fs.fstatSync(descriptor);
      mode = stats.mode & 0o7777;
      found = stats.isFile() ? fs.readFileSync(descriptor, 'utf8') : '';
      fs.closeSync(descriptor);
      if (!stats.isFile()) continue;
    } catch (error) {
      // Switched to the other set's form meanwhile.
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) continue;
      throw error;
    }
    assert.ok(
      wanted.some(([, contents, wantedMode]) => contents === found && wantedMode === mode),
      `${name} holds ${found.length} bytes, mode ${mode.toString(8)}`,
    );
  }
}

/** Paths of the shared files, which both sets hold: never absent once one set was there. */
export function assertShared(target: string, set: FileSet): void {
  for (const [name] of set) if (/f\d/u.test(name)) assert.ok(fs.existsSync(path.join(target, name)), `${name} is gone`);
}

/** Checks that the next write makes the set complete, and that what a killed one left goes once it is old. */
export async function assertFinishes(target: string, set: FileSet): Promise<void> {
  const files = set.map(([name, contents, mode]) => planned(name, contents, mode));
  const writer = createVolumeWriter({ pruneRemovedFiles: false });
  await writer.write(target, files, testContext());
  for (const name of fs.readdirSync(target)) {
    if (name.startsWith(stagingMark)) fs.utimesSync(path.join(target, name), 1000, 1000);
  }
  assert.deepEqual(await writer.write(target, files, testContext()), { changed: 0, pruned: 0 });
  const found = contentsOf(target);
  for (const [name, contents, mode] of set) assert.equal(found[name], `file ${mode.toString(8)} ${contents}`);
  assert.deepEqual(
    Object.keys(found).filter((name) => name.startsWith('..')),
    [],
  );
}
