/** Reads the fields of one map of the `objects` list: by name in any case, each of the kind that it must have. */
import { fieldCharacters, fieldsOfEntry } from '../../budgets.js';
import { quote } from '../../errors.js';
import type { Reporter } from './findings.js';
import { nearestName } from './nearest-name.js';
import { yaml11Text } from './yaml-1-1.js';
import { PlainScalar, type YamlMap } from './yaml-list.js';

/** Values by the proper spelling of their names. */
export interface Fields<Name extends string> {
  get(name: Name): unknown;
}

/** Whether a value of the list is a map. */
export function isMap(value: unknown): value is YamlMap {
  return value instanceof Map;
}

/** Whether a value is as good as not there: `~`, `null`, nothing, an empty text. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (value instanceof PlainScalar && value.text === '');
}

/**
 * Sorts a map's keys: a field in two spellings is a fault, an unknown one a warning. `undefined` when there are too many
 * to look at, which is a fault too.
 */
export function readFields<Name extends string>(
  map: YamlMap,
  known: readonly Name[],
  reporter: Reporter,
): Fields<Name> | undefined {
  const fields = new Map<Name, unknown>();
  if (map.size > fieldsOfEntry) {
    reporter.fault(() => `has ${map.size} fields, more than ${fieldsOfEntry}; known are ${known.join(', ')}`);
    return undefined;
  }
  const names = new Map(known.map((name) => [name.toLowerCase(), name]));
  const spellings = new Map<Name, string>();
  for (const [key, value] of map) {
    const name = names.get(key.toLowerCase());
    if (name === undefined) {
      reporter.warn(() => describeUnknown(key, known));
      continue;
    }
    const other = spellings.get(name);
    if (other !== undefined) {
      reporter.fault(() => `has ${name} twice, as ${quote(other)} and as ${quote(key)}: keep one`);
    }
    spellings.set(name, key);
    fields.set(name, value);
  }
  return fields;
}

function describeUnknown(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  return `the field ${quote(key)} is unknown and ignored; ${hint}`;
}

/**
 * A field's text as it is written; `undefined` when it is absent or at fault. An unquoted text that AWS's own provider
 * would have changed is a warning.
 */
export function readText<Name extends string>(
  fields: Fields<Name>,
  name: Name,
  reporter: Reporter,
): string | undefined {
  const value = fields.get(name);
  if (isAbsent(value)) return undefined;
  const text = value instanceof PlainScalar ? value.text : value;
  if (typeof text !== 'string') {
    reporter.fault(() => `${name} must be text, not ${kindOf(value)}`);
    return undefined;
  }
  if (text.length > fieldCharacters) {
    reporter.fault(() => `${name} has ${text.length} characters, more than ${fieldCharacters}`);
    return undefined;
  }
  if (value instanceof PlainScalar && yaml11Text(text) !== text) {
    reporter.warn(
      () =>
        `${name} counts as it is written, ${quote(text)}, where AWS's own provider took the unquoted text ` +
        `for ${quote(yaml11Text(text))}: write it in quotes to be plain`,
    );
  }
  return text;
}

/** What a value is, in words; never what it holds. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMap(value)) return 'a map';
  return value === null || value === undefined ? 'nothing' : 'text';
}

/** Permission bits from four octal digits; set-uid, set-gid and sticky bits are dropped. */
export function readMode<Name extends string>(
  fields: Fields<Name>,
  name: Name,
  reporter: Reporter,
): number | undefined {
  const text = readText(fields, name, reporter);
  if (text === undefined) return undefined;
  if (/^[0-7]{4}$/.test(text)) return Number.parseInt(text, 8) & 0o777;
  reporter.fault(() => `${name} ${quote(text)} must be four octal digits such as 0400`);
  return undefined;
}
