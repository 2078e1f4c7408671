/** Reads `jmesPath`: the parts of an object's JSON that get files of their own. */
import { objectsEntries } from '../../budgets.js';
import { quote } from '../../errors.js';
import type { JmesPathSpec } from '../types.js';
import { isAbsent, isMap, kindOf, readFields, readMode, readText } from './fields.js';
import { readPath, type FilePath } from './file-path.js';
import type { Reporter } from './findings.js';

const entryFields = ['path', 'objectAlias', 'filePermission'] as const;

export interface JmesPathOptions {
  /** The object's own mode, which entries inherit. */
  readonly mode: number;
  readonly pathOf: (name: string) => FilePath;
  /** The object's reporter. */
  readonly reporter: Reporter;
  /** A reporter for one entry. */
  readonly reporterOf: (entry: number) => Reporter;
  /** What is wrong with an expression, completing the sentence "<expression> ...". */
  readonly expressionFault: (expression: string) => string | undefined;
}

/** The entries that are free of faults, each with its place in the list; the faults of the others are reported. */
export function readJmesPath(
  value: unknown,
  options: JmesPathOptions,
): readonly (JmesPathSpec & { readonly entry: number })[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) {
    options.reporter.fault(() => `jmesPath must be a list of maps with path and objectAlias, not ${kindOf(value)}`);
    return [];
  }
  const entries: readonly unknown[] = value;
  if (entries.length > objectsEntries) {
    options.reporter.fault(() => `jmesPath has ${entries.length} entries, more than ${objectsEntries}`);
    return [];
  }
  return entries.flatMap((entry, place) => {
    const spec = readEntry(entry, options, options.reporterOf(place));
    return spec === undefined ? [] : [{ ...spec, entry: place }];
  });
}

function readEntry(value: unknown, options: JmesPathOptions, reporter: Reporter): JmesPathSpec | undefined {
  if (!isMap(value)) {
    reporter.fault(() => `must be a map with path and objectAlias, not ${kindOf(value)}`);
    return undefined;
  }
  const fields = readFields(value, entryFields, reporter);
  if (fields === undefined) return undefined;
  const expression = readText(fields, 'path', reporter);
  const alias = readText(fields, 'objectAlias', reporter);
  const mode = readMode(fields, 'filePermission', reporter) ?? options.mode;
  if (isAbsent(fields.get('path'))) reporter.fault(() => 'path is missing: give a JMESPath expression');
  if (isAbsent(fields.get('objectAlias'))) reporter.fault(() => 'objectAlias is missing: give the file a name');
  if (expression !== undefined) {
    const fault = options.expressionFault(expression);
    if (fault !== undefined) reporter.fault(() => `path ${quote(expression)} ${fault}`);
  }
  if (alias === undefined) return undefined;
  const path = readPath({ field: 'objectAlias', text: alias }, options.pathOf, reporter);
  return path === undefined ? undefined : { expression: expression ?? '', path, mode };
}
