/** From an alias or a name to the path of its file in the volume, and what such a path may not be. */
import { pathBytes, pathElementBytes } from '../../budgets.js';
import { quote } from '../../errors.js';
import { stagingMark } from '../volume/staging-mark.js';
import type { Reporter } from './findings.js';

export interface PathRules {
  /** The character that takes the place of `/`; `undefined` when names may have directories. */
  readonly pathTranslation: string | undefined;
  /** The driver itself keeps names that begin with `..`. */
  readonly driverWrites: boolean;
}

/** The path that a name stands for; it may still be one that `pathFault` refuses. */
export function translatePath(name: string, rules: PathRules): string {
  const { pathTranslation } = rules;
  // A function, for `$` would be special in a replacement text.
  return pathTranslation === undefined ? name.replace(/^\/+/, '') : name.replaceAll('/', () => pathTranslation);
}

/** What is wrong with a path after translation, as the end of the sentence "<path> ..."; `undefined` when nothing is. */
export function pathFault(path: string, rules: PathRules): string | undefined {
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'is not valid Unicode';
  if (path.includes('\0')) return 'holds a NUL character, which no file name can';
  if (path.startsWith('/')) return 'is absolute; it must be relative to the mount';
  if (Buffer.byteLength(path, 'utf8') > pathBytes) return `is longer than ${pathBytes} bytes`;
  const elements = path.split('/');
  if (elements.includes('')) return 'has an empty element: no slash at the end, and no two in a row';
  if (elements.includes('.') || elements.includes('..')) return 'has "." or ".." as an element';
  if (elements.some(isLong)) {
    return `has an element of more than ${pathElementBytes} bytes`;
  }
  if (path.startsWith(stagingMark)) return `begins with ${stagingMark}, which the provider keeps for itself`;
  if (rules.driverWrites && path.startsWith('..')) {
    return 'begins with "..", which the driver keeps for itself when it writes the files';
  }
  return undefined;
}

/**
 * What is odd about a path without fault, as the end of the sentence "<path> ..."; `undefined` when nothing is. AWS's own
 * provider takes control characters, and so do the driver and the file system: refusing them would stop pods that run.
 */
export function pathOddity(path: string): string | undefined {
  if (path.endsWith('\n')) return 'ends with a line feed; write "|-" or ">-" instead of "|" or ">" to leave it out';
  return /\p{Cc}/u.test(path) ? 'holds a control character' : undefined;
}

function isLong(element: string): boolean {
  // A character takes three bytes at most, so most elements need no counting.
  return element.length * 3 > pathElementBytes && Buffer.byteLength(element, 'utf8') > pathElementBytes;
}

/** The path of a name, and how the sentence "<path> ..." ends when it is refused, or odd. */
export interface FilePath {
  readonly path: string;
  readonly fault: string | undefined;
  readonly oddity: string | undefined;
}

/** One answer for each name: YAML aliases can repeat a long one ten thousand times. */
export function createPathReader(rules: PathRules): (name: string) => FilePath {
  const known = new Map<string, FilePath>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      const path = translatePath(name, rules);
      answer = { path, fault: pathFault(path, rules), oddity: pathOddity(path) };
      known.set(name, answer);
    }
    return answer;
  };
}

/** A field of the list that names a file. */
export interface NamingField {
  readonly field: 'objectName' | 'objectAlias';
  readonly text: string;
  /** Ends the sentence about a fault. */
  readonly advice?: string;
}

/** The path that a field stands for; `undefined` when it is refused. Fault or oddity are told to the reporter. */
export function readPath(
  { field, text, advice = '' }: NamingField,
  pathOf: (name: string) => FilePath,
  reporter: Reporter,
): string | undefined {
  const { path, fault, oddity } = pathOf(text);
  const sentence = (end: string) => `${field} ${quote(text)} makes the file path ${quote(path)}, which ${end}`;
  if (fault !== undefined) {
    reporter.fault(() => sentence(`${fault}${advice}`));
    return undefined;
  }
  if (oddity !== undefined) reporter.warn(() => sentence(oddity));
  return path;
}
