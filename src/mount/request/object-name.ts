/** What an object is called and of which type it is: a name with its type, or an ARN that tells it. */
import { quote } from '../../errors.js';
import type { Arn, ObjectType } from '../types.js';
import { isArn, parseArn } from './arn.js';
import { isAbsent, readText, type Fields } from './fields.js';
import type { Reporter } from './findings.js';
import { nearestName } from './nearest-name.js';

const types: readonly ObjectType[] = ['secretsmanager', 'ssmparameter'];

/** A name as it is written; `arn` when it is one. */
export interface ObjectName {
  readonly name: string;
  readonly arn?: Arn;
}

/** The name and type of an entry of the list; a part is absent when it is at fault, which is reported then. */
export function readNameAndType(
  fields: Fields<'objectName' | 'objectType'>,
  reporter: Reporter,
): { readonly name?: ObjectName; readonly type?: ObjectType } {
  const name = readText(fields, 'objectName', reporter);
  if (isAbsent(fields.get('objectName'))) {
    reporter.fault(() => 'objectName is missing: give the name or ARN of a secret or parameter');
  }
  const type = readType(fields, reporter);
  if (name === undefined) return type === undefined ? {} : { type };
  if (!isArn(name)) {
    if (isAbsent(fields.get('objectType'))) {
      reporter.fault(() => `objectType is missing: write ${types.join(' or ')} (only an ARN tells it by itself)`);
    }
    checkSelector(name, { type, field: 'objectName', reporter });
    return { name: { name }, ...(type && { type }) };
  }
  const read = readArn(name, { type, field: 'objectName', reporter });
  return read === undefined ? {} : { name: { name, arn: read.arn }, type: read.type };
}

/** Where a name stands, and the type that it must have when that is known. */
export interface NameOptions {
  readonly type: ObjectType | undefined;
  readonly field: string;
  readonly reporter: Reporter;
}

/** Reads the name or ARN of a `failoverObject`, which must be of its object's type. */
export function readFailoverName(name: string, options: NameOptions): ObjectName | undefined {
  if (isArn(name)) {
    const read = readArn(name, options);
    return read && { name, arn: read.arn };
  }
  checkSelector(name, options);
  return { name };
}

function readArn(name: string, options: NameOptions): { readonly arn: Arn; readonly type: ObjectType } | undefined {
  const { type, field, reporter } = options;
  const result = parseArn(name);
  if ('fault' in result) {
    reporter.fault(() => `${field} ${quote(name)} ${result.fault}`);
    return undefined;
  }
  if (type !== undefined && type !== result.type) {
    reporter.fault(() => `${field} is the ARN of a ${result.type}, but objectType says ${type}: make them agree`);
    return undefined;
  }
  checkSelector(name, { ...options, type: result.type });
  return result;
}

/** A colon can only begin a selector in the name of a parameter; the list has fields of its own for that. */
function checkSelector(name: string, options: NameOptions): void {
  if (options.type !== 'ssmparameter') return;
  const [bare = '', ...selector] = isArn(name) ? splitArn(name) : name.split(':');
  if (selector.length === 0) return;
  options.reporter.fault(() => {
    const field = /^\d+$/.test(selector.join(':')) ? 'objectVersion' : 'objectVersionLabel';
    const remedy = `write ${quote(bare)}, and ${field}: ${quote(selector.join(':'))} beside it`;
    return `${options.field} ${quote(name)} holds a selector, which belongs in objectVersion or objectVersionLabel: ${remedy}`;
  });
}

/** The ARN up to its resource's first colon, and what follows. */
function splitArn(name: string): string[] {
  const parts = name.split(':');
  return [parts.slice(0, 6).join(':'), ...parts.slice(6)];
}

function readType(fields: Fields<'objectType'>, reporter: Reporter): ObjectType | undefined {
  const text = readText(fields, 'objectType', reporter);
  const type = types.find((known) => known === text);
  if (text !== undefined && type === undefined) {
    const near = nearestName(text, types);
    reporter.fault(
      () =>
        `objectType ${quote(text)} must be ${types.join(' or ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  return type;
}
