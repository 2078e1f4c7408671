/** Which files a mount makes: no two of one path, none where another needs a directory, each with its value. */
import type { Secret } from '../secret.js';
import type { FetchedObject, ObjectSpec, PlannedFile } from './types.js';

/** A file that a list asks for. */
export interface Output {
  /** After translation, free of faults. */
  readonly path: string;
  /** Who asks for it, to be named in a conflict. */
  readonly owner: () => string;
}

/** Two outputs that cannot both be: the same path, or `first` a file where `second` needs a directory. */
export interface Conflict {
  readonly first: Output;
  readonly second: Output;
}

/** Every output that cannot stand beside another one, paired with it, in the order in which they were given. */
export function findConflicts(outputs: readonly Output[]): readonly Conflict[] {
  const conflicts: (Conflict & { readonly place: number })[] = [];
  const byPath = new Map<string, { readonly output: Output; readonly place: number; readonly key: string }>();
  for (const [place, output] of outputs.entries()) {
    const first = byPath.get(output.path);
    if (first !== undefined) conflicts.push({ first: first.output, second: output, place });
    // With the separator below every character of a name, a file is followed at once by all that lies beneath it.
    else byPath.set(output.path, { output, place, key: output.path.replaceAll('/', '\0') });
  }
  const sorted = [...byPath.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
  let file = sorted[0];
  for (const entry of sorted.slice(1)) {
    if (file !== undefined && entry.key.startsWith(`${file.key}\0`)) {
      conflicts.push({ first: file.output, second: entry.output, place: Math.max(file.place, entry.place) });
    } else {
      file = entry;
    }
  }
  return conflicts.sort((left, right) => left.place - right.place);
}

/** Directories by their names, each with those in it. */
interface Folders {
  readonly below: Map<string, Folders>;
}

/** Whether the outputs need more than `limit` directories. Each path is walked once: YAML aliases repeat deep ones. */
export function needsMoreFolders(outputs: readonly Output[], limit: number): boolean {
  const root: Folders = { below: new Map() };
  let count = 0;
  for (const path of new Set(outputs.map((output) => output.path))) {
    let folder = root;
    for (const name of path.split('/').slice(0, -1)) {
      let next = folder.below.get(name);
      if (next === undefined) {
        next = { below: new Map() };
        folder.below.set(name, next);
        count += 1;
        if (count > limit) return true;
      }
      folder = next;
    }
  }
  return false;
}

/**
 * The files with their values, in the order of the list, each object's whole value before its extracted ones.
 * @param extracted for each object the texts of its `jmesPath` entries, in their order
 * @throws TypeError when a value is missing
 */
export function planFiles(
  objects: readonly ObjectSpec[],
  fetched: readonly FetchedObject[],
  extracted: readonly (readonly Secret[])[],
): readonly PlannedFile[] {
  return objects.flatMap((object, place) => {
    const whole = fetched[place];
    if (whole === undefined) throw new TypeError(`no value was fetched for objects[${object.index}]`);
    const { version } = whole;
    const parts = object.jmesPath.map(({ path, mode }, entry): PlannedFile => {
      const contents = extracted[place]?.[entry];
      if (contents === undefined) throw new TypeError(`no value for jmesPath[${entry}] of objects[${object.index}]`);
      return { path, mode, contents, version };
    });
    if (object.hiddenByJmesPath) return parts;
    return [{ path: object.path, mode: object.mode, contents: whole.value, version }, ...parts];
  });
}
