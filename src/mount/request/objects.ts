/** Reads the `objects` list into specs that no later step has to check again, or tells all its faults at once. */
import { objectsEntries, outputFiles, volumeFolders } from '../../budgets.js';
import { ProviderError, quote } from '../../errors.js';
import { checkExpression } from '../expression/expression.js';
import { findConflicts, needsMoreFolders, type Conflict, type Output } from '../plan.js';
import type { JmesPathSpec, ObjectSpec, ObjectType } from '../types.js';
import { readFailoverObject } from './failover-object.js';
import { isAbsent, isMap, kindOf, readFields, readMode, readText } from './fields.js';
import { createPathReader, readPath, type FilePath, type PathRules } from './file-path.js';
import { Findings, reporterAt, type Reporter } from './findings.js';
import { readJmesPath } from './jmes-path.js';
import { readNameAndType } from './object-name.js';
import { PlainScalar, readYaml } from './yaml-list.js';

const objectFields = [
  'objectName',
  'objectType',
  'objectAlias',
  'objectVersion',
  'objectVersionLabel',
  'filePermission',
  'jmesPath',
  'failoverObject',
] as const;

const remedy =
  'write a YAML list, one entry for each secret or parameter, such as "- objectName: my-secret" with ' +
  '"objectType: secretsmanager" on the line below it';

export interface ObjectsOptions extends PathRules {
  /** The permission bits of the request, for objects without any of their own. */
  readonly mode: number;
  /** Whether the `failoverRegion` parameter is given. */
  readonly hasFailoverRegion: boolean;
}

/** A list that was read: `objects` is of use only without an `error`. */
export interface ObjectsResult {
  readonly objects: readonly ObjectSpec[];
  readonly warnings: readonly string[];
  /** `invalid_objects` with all faults of the list, or `path_conflict` when there are no others. */
  readonly error?: ProviderError;
}

/** What the reading of one list shares. */
interface Reading {
  readonly options: ObjectsOptions;
  readonly pathOf: (name: string) => FilePath;
  readonly faults: Findings;
  readonly warnings: Findings;
  readonly outputs: Output[];
  /** One answer for each text: aliases repeat the same expression at no cost of their own. */
  readonly expressionFault: (expression: string) => string | undefined;
}

/** Reads the parameter; `text` is `undefined` when it is not given. */
export function parseObjects(text: string | undefined, options: ObjectsOptions): ObjectsResult {
  const list = readList(text);
  if ('fault' in list) {
    return { objects: [], warnings: [], error: new ProviderError('invalid_objects', `objects ${list.fault}`) };
  }
  const reading: Reading = {
    options,
    pathOf: createPathReader(options),
    faults: new Findings(),
    warnings: new Findings(),
    outputs: [],
    expressionFault: rememberFaults(checkExpression),
  };
  const objects = readEntries(list.entries, reading);
  checkFolders(reading);
  const warnings = reading.warnings.list();
  const code = reading.faults.count === 0 ? 'path_conflict' : 'invalid_objects';
  for (const conflict of findConflicts(reading.outputs)) reading.faults.add(() => describeConflict(conflict));
  if (reading.faults.count === 0) return { objects, warnings };
  return { objects: [], warnings, error: new ProviderError(code, reading.faults.list().join('; ')) };
}

function readList(text: string | undefined): { readonly entries: readonly unknown[] } | { readonly fault: string } {
  if (text === undefined) return { fault: `is missing among the parameters: ${remedy}` };
  const yaml = readYaml(text);
  if ('fault' in yaml) return yaml;
  const { value } = yaml;
  if (isAbsent(value)) return { fault: `is empty: ${remedy}` };
  if (!Array.isArray(value)) return { fault: `must be a list, not ${kindOf(value)}: ${remedy}` };
  if (value.length === 0) return { fault: `is an empty list: ${remedy}` };
  if (value.length > objectsEntries) {
    return {
      fault: `has ${value.length} entries, more than ${objectsEntries}: split it over several SecretProviderClasses`,
    };
  }
  return { entries: value };
}

function readEntries(entries: readonly unknown[], reading: Reading): readonly ObjectSpec[] {
  const objects: ObjectSpec[] = [];
  for (const [index, entry] of entries.entries()) {
    const object = readEntry(entry, index, reading);
    if (object !== undefined) objects.push(object);
    if (reading.outputs.length > outputFiles) {
      reading.faults.add(
        () => `objects asks for more than ${outputFiles} files: split it over several SecretProviderClasses`,
      );
      break;
    }
  }
  return objects;
}

/** When the driver writes, it makes the directories, and has no limit. */
function checkFolders({ options, outputs, faults }: Reading): void {
  if (options.driverWrites || !needsMoreFolders(outputs, volumeFolders)) return;
  faults.add(
    () =>
      `objects asks for more than ${volumeFolders} directories: use fewer "/" in names and aliases, or split it over ` +
      'several SecretProviderClasses',
  );
}

/** One entry; `undefined` when it has a fault. Its outputs count for conflicts in any case. */
function readEntry(value: unknown, index: number, reading: Reading): ObjectSpec | undefined {
  const place = () => describePlace(value, index);
  const reporter = reporterAt(place, reading.faults, reading.warnings);
  if (!isMap(value)) {
    reporter.fault(() => `must be a map with objectName, not ${kindOf(value)}`);
    return undefined;
  }
  const faultsBefore = reading.faults.count;
  const fields = readFields(value, objectFields, reporter);
  if (fields === undefined) return undefined;
  const { name, type } = readNameAndType(fields, reporter);
  const alias = readText(fields, 'objectAlias', reporter);
  const version = readText(fields, 'objectVersion', reporter);
  const versionLabel = readText(fields, 'objectVersionLabel', reporter);
  const mode = readMode(fields, 'filePermission', reporter) ?? reading.options.mode;
  checkSelectors({ type, version, versionLabel }, reporter);
  const failover = readFailoverObject(fields.get('failoverObject'), {
    type,
    version,
    hasAlias: alias !== undefined,
    hasRegion: reading.options.hasFailoverRegion,
    reporter,
  });
  const path = readObjectPath({ alias, name: name?.name }, reading, reporter);
  const parts = readParts(fields.get('jmesPath'), { place, mode, reporter, reading });
  const hiddenByJmesPath = alias === undefined && parts.some((part) => part.path === path);
  if (hiddenByJmesPath) reporter.warn(() => describeHidden(path ?? ''));
  else if (path !== undefined) reading.outputs.push({ path, owner: place });
  if (name === undefined || type === undefined || path === undefined) return undefined;
  if (reading.faults.count > faultsBefore) return undefined;
  return {
    index,
    type,
    ...name,
    path,
    hiddenByJmesPath,
    ...(version !== undefined && { version }),
    ...(versionLabel !== undefined && { versionLabel }),
    mode,
    jmesPath: parts,
    ...(failover && { failover }),
  };
}

function checkSelectors(
  object: {
    readonly type: ObjectType | undefined;
    readonly version: string | undefined;
    readonly versionLabel: string | undefined;
  },
  reporter: Reporter,
): void {
  if (object.type !== 'ssmparameter' || object.version === undefined || object.versionLabel === undefined) return;
  reporter.fault(() => 'a parameter takes objectVersion or objectVersionLabel, not both');
}

function readObjectPath(
  names: { readonly alias: string | undefined; readonly name: string | undefined },
  reading: Reading,
  reporter: Reporter,
): string | undefined {
  const { alias, name } = names;
  if (alias !== undefined) return readPath({ field: 'objectAlias', text: alias }, reading.pathOf, reporter);
  if (name === undefined) return undefined;
  const advice = '; give the object an objectAlias';
  return readPath({ field: 'objectName', text: name, advice }, reading.pathOf, reporter);
}

interface PartsOptions {
  readonly place: () => string;
  readonly mode: number;
  readonly reporter: Reporter;
  readonly reading: Reading;
}

function readParts(value: unknown, options: PartsOptions): readonly JmesPathSpec[] {
  const { place, mode, reporter, reading } = options;
  const placeOf = (entry: number) => () => `${place()} jmesPath[${entry}]`;
  const parts = readJmesPath(value, {
    mode,
    pathOf: reading.pathOf,
    reporter,
    reporterOf: (entry) => reporterAt(placeOf(entry), reading.faults, reading.warnings),
    expressionFault: reading.expressionFault,
  });
  for (const { path, entry } of parts) reading.outputs.push({ path, owner: placeOf(entry) });
  return parts.map(({ expression, path, mode }) => ({ expression, path, mode }));
}

/** `objects[2] "db"`: the place in the list, and the name as far as there is one. */
function describePlace(value: unknown, index: number): string {
  const names = isMap(value) ? [...value].filter(([key]) => key.toLowerCase() === 'objectname') : [];
  const name = names[0]?.[1];
  const text = name instanceof PlainScalar ? name.text : name;
  return typeof text === 'string' && text !== '' ? `objects[${index}] ${quote(text)}` : `objects[${index}]`;
}

function describeHidden(path: string): string {
  return (
    `a jmesPath entry writes the file ${quote(path)} in the place of the whole value, which is not mounted; ` +
    'give the object an objectAlias of its own to have both'
  );
}

function describeConflict({ first, second }: Conflict): string {
  const path = quote(first.path);
  if (first.path === second.path) {
    return `${first.owner()} and ${second.owner()} both write the file ${path}: give one of them another objectAlias`;
  }
  const below = quote(second.path);
  return (
    `${first.owner()} writes the file ${path}, where ${second.owner()} needs a directory for ${below}: ` +
    'give one of them another objectAlias'
  );
}

function rememberFaults(check: (expression: string) => string | undefined): (expression: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (expression) => {
    if (known.has(expression)) return known.get(expression);
    const fault = check(expression);
    known.set(expression, fault);
    return fault;
  };
}
