/** The planned files as the tree of directories that they make. */
import { volumeFolders } from '../../budgets.js';
import { ProviderError } from '../../errors.js';
import type { PlannedFile } from '../types.js';
import { stagingMark } from './staging-mark.js';

/** One directory of the plan; a name is in one of the two maps only. */
export interface FileTree {
  readonly folders: ReadonlyMap<string, FileTree>;
  readonly files: ReadonlyMap<string, PlannedFile>;
}

interface GrowingTree {
  readonly folders: Map<string, GrowingTree>;
  readonly files: Map<string, PlannedFile>;
}

/**
 * The tree of a plan. Names are as the file system will give them back (no lone surrogates).
 * @throws ProviderError `invalid_objects` when it has more than `volumeFolders` directories
 * @throws TypeError when the planner let a bad path through: this is the last place that could stop it
 */
export function treeOf(files: readonly PlannedFile[]): FileTree {
  const root: GrowingTree = { folders: new Map(), files: new Map() };
  let folders = 0;
  for (const file of files) {
    const elements = file.path.toWellFormed().split('/');
    if (!isSound(elements)) throw new TypeError('the plan holds a path that is not clean');
    const name = elements.pop() ?? '';
    let folder = root;
    for (const element of elements) {
      let next = folder.folders.get(element);
      if (next === undefined) {
        next = { folders: new Map(), files: new Map() };
        folder.folders.set(element, next);
        folders += 1;
      }
      if (folder.files.has(element)) throw new TypeError('the plan needs one path as file and as directory');
      folder = next;
    }
    if (folder.files.has(name) || folder.folders.has(name)) throw new TypeError('the plan holds one path twice');
    folder.files.set(name, file);
  }
  if (folders > volumeFolders) {
    throw new ProviderError(
      'invalid_objects',
      `the files need ${folders} directories in the volume, at most ${volumeFolders} are made; use fewer "/" in names and aliases`,
    );
  }
  return root;
}

function isSound(elements: readonly string[]): boolean {
  return (
    elements.every((element) => element !== '' && element !== '.' && element !== '..' && !element.includes('\0')) &&
    elements[0]?.startsWith(stagingMark) === false
  );
}
