import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import fc from 'fast-check';
import { stagingMark } from '../../../src/mount/volume/staging-mark.js';
import type { PlannedFile } from '../../../src/mount/types.js';
import { createVolumeWriter } from '../../../src/mount/volume/write.js';
import { testContext } from '../../support/contexts.js';
import { contentsOf, discard, fingerprint, makeKubeletVolume, makeVolume, planned } from '../../support/volumes.js';

type Entry = readonly [string, string, number];

// Few names, so that plans and previous trees meet often.
const filePath = fc
  .array(fc.constantFrom('a', 'b', '..data', 'ü'), { minLength: 1, maxLength: 4 })
  .map((elements) => elements.join('/'));
const mode = fc.constantFrom(0o644, 0o400, 0o600, 0o777, 0o444);
const contents = fc.constantFrom('', 'x', 'y', 'long '.repeat(2000));
const plan = fc.array(fc.tuple(filePath, contents, mode), { maxLength: 8 }).map(withoutConflicts);
const previous = fc.array(
  fc.tuple(filePath, fc.constantFrom('file', 'dir', 'link out', 'link in', 'dangling'), contents, mode),
  { maxLength: 10 },
);

function withoutConflicts(entries: readonly Entry[]): Entry[] {
  const kept: Entry[] = [];
  for (const entry of entries) {
    const clashes = kept.some(([other]) => `${other}/`.startsWith(`${entry[0]}/`) || entry[0].startsWith(`${other}/`));
    if (!clashes) kept.push(entry);
  }
  return kept;
}

function plant(target: string, outside: string, entries: readonly [string, string, string, number][]): void {
  for (const [name, kind, text, bits] of entries) {
    const full = path.join(target, name);
    // Only in real directories: nothing is planted outside.
    const parents = name.split('/').map((_, index, all) => path.join(target, ...all.slice(0, index)));
    const look = (entry: string) => fs.lstatSync(entry, { throwIfNoEntry: false });
    if (parents.some((parent) => look(parent)?.isDirectory() === false) || look(full)) continue;
    fs.mkdirSync(path.dirname(full), { recursive: true });
    if (kind === 'dir') fs.mkdirSync(full);
    else if (kind === 'file') {
      fs.writeFileSync(full, text);
      fs.chmodSync(full, bits);
    } else fs.symlinkSync(kind === 'link out' ? outside : kind === 'link in' ? target : 'nowhere', full);
  }
}

/** Fingerprints of all entries but directories. */
function fingerprints(directory: string): Map<string, string> {
  const entries = Object.entries(contentsOf(directory)).filter(([, entry]) => entry !== 'dir');
  return new Map(entries.map(([name]) => [name, fingerprint(path.join(directory, name))]));
}

/** Whether an entry stands in the way of the plan: on the path of a file, at it, or below it. */
function blocks(name: string, files: readonly PlannedFile[]): boolean {
  return files.some((file) => `${file.path}/`.startsWith(`${name}/`) || name.startsWith(`${file.path}/`));
}

describe('VolumeWriter.write, for any previous tree and any plan', () => {
  for (const prunes of [false, true]) {
    it(
      prunes ? 'leaves the planned files alone in the volume' : 'changes what is planned and nothing else',
      async function () {
        const volume = prunes ? makeKubeletVolume() : makeVolume();
        if (!volume) this.skip();
        const writer = createVolumeWriter({ pruneRemovedFiles: prunes });
        const outside = path.join(volume.root, 'outside');
        fs.mkdirSync(path.join(outside, 'a'), { recursive: true });
        for (const name of ['b', 'a/a']) fs.writeFileSync(path.join(outside, name), 'outside');
        const outsideBefore = fingerprints(outside);
        const { target } = volume;
        try {
          await fc.assert(
            fc.asyncProperty(previous, plan, async (entries, plannedEntries) => {
              fs.rmSync(target, { recursive: true });
              fs.mkdirSync(target);
              plant(target, outside, entries);
              const files = plannedEntries.map(([name, text, bits]) => planned(name, text, bits));
              const [before, treeBefore] = [fingerprints(target), contentsOf(target)];
              const wanted = new Map(
                plannedEntries.map(([name, text, bits]) => [name, `file ${bits.toString(8)} ${text}`]),
              );
              const context = testContext();

              const result = await writer.write(target, files, context);

              const [after, treeAfter] = [fingerprints(target), contentsOf(target)];
              for (const [name, entry] of wanted) assert.equal(treeAfter[name], entry, name);
              const stale = [...wanted].filter(([name, entry]) => treeBefore[name] !== entry);
              assert.equal(result.changed, stale.length);
              for (const [name, mark] of before) {
                if (wanted.has(name) && treeBefore[name] === wanted.get(name))
                  assert.equal(after.get(name), mark, name);
                if (!prunes && !blocks(name, files)) assert.equal(after.get(name), mark, name);
              }
              if (prunes) assert.deepEqual([...after.keys()].sort(), [...wanted.keys()].sort());
              const unplanned = Object.keys(treeAfter).filter((name) => !(name in treeBefore) && !wanted.has(name));
              for (const name of unplanned) assert.ok(blocks(name, files), `${name} was left`);
              assert.deepEqual(
                Object.keys(treeAfter).filter((name) => name.startsWith(stagingMark)),
                [],
              );
              assert.deepEqual(fingerprints(outside), outsideBefore);
              assert.deepEqual(context.warnings, []);
              assert.deepEqual(await writer.write(target, files, context), { changed: 0, pruned: 0 });
            }),
            { numRuns: 400 },
          );
        } finally {
          discard(volume);
        }
      },
    );
  }
});
