/** The functions of JMESPath on exact values. */
import { isArray, isObject, writeJson, type Json, type JsonArray, type JsonObject } from './exact-json.js';
import { absolute, compareNumbers, computable, JsonNumber, meanOf, sumOf, wholeNumber } from './exact-number.js';
import { ExpressionFailure } from './expression-failure.js';
import { signatureOf, type ArgumentType, type FunctionName, type JmesPathType } from './expression-signatures.js';
import type { ExpressionNode } from './expression-tree.js';
import type { Work } from './expression-work.js';

/** An argument written `&expression`. */
export class ExpressionReference {
  readonly node: ExpressionNode;

  constructor(node: ExpressionNode) {
    this.node = node;
  }
}

export type Argument = Json | ExpressionReference;

export interface CallContext {
  /** The result of a referenced expression on a value. */
  readonly apply: (reference: ExpressionReference, value: Json) => Json;
  readonly work: Work;
}

/** Longest text that `to_string` makes, in bytes: more than any file, enough to measure or search in. */
const textBytes = 1024 * 1024;

/**
 * Calls a function with as many arguments as its signature has.
 * @throws ExpressionFailure when an argument has a type that it does not take, a number would be rounded, or work runs out
 */
export function callFunction(name: FunctionName, args: readonly Argument[], context: CallContext): Json {
  checkTypes(name, args, context.work);
  return implementations[name](new Arguments(args), context);
}

function checkTypes(name: FunctionName, args: readonly Argument[], work: Work): void {
  const signature = signatureOf(name);
  args.forEach((argument, place) => {
    const allowed = signature.arguments[Math.min(place, signature.arguments.length - 1)] ?? [];
    if (allowed.some((type) => fits(argument, type, work))) return;
    const type = typeOf(argument);
    throw new ExpressionFailure(
      `calls ${name}() with type ${type} as argument ${place + 1}; it takes ${allowed.join(' or ')}`,
    );
  });
}

function fits(argument: Argument, type: ArgumentType, work: Work): boolean {
  if (type === 'any') return true;
  if (type !== 'array of numbers' && type !== 'array of strings') return typeOf(argument) === type;
  if (!isArray(argument)) return false;
  work.spend(argument.length);
  return argument.every((item) =>
    type === 'array of numbers' ? item instanceof JsonNumber : typeof item === 'string',
  );
}

function typeOf(value: Argument): JmesPathType {
  if (value === null) return 'null';
  if (value instanceof JsonNumber) return 'number';
  if (value instanceof ExpressionReference) return 'expression';
  if (isArray(value)) return 'array';
  if (isObject(value)) return 'object';
  return typeof value === 'string' ? 'string' : 'boolean';
}

/** Arguments whose types were checked; a wrong one is a bug of ours. */
class Arguments {
  readonly all: readonly Argument[];

  constructor(all: readonly Argument[]) {
    this.all = all;
  }

  #get<T extends Argument>(place: number, is: (value: Argument | undefined) => value is T): T {
    const argument = this.all[place];
    if (!is(argument)) throw new TypeError(`argument ${place} has an unexpected type`);
    return argument;
  }

  value(place: number): Json {
    const argument = this.all[place];
    if (argument === undefined) throw new TypeError(`argument ${place} is missing`);
    if (argument instanceof ExpressionReference) throw new ExpressionFailure('has "&" where a value is needed');
    return argument;
  }

  text(place: number): string {
    return this.#get(place, (value) => typeof value === 'string');
  }

  number(place: number): JsonNumber {
    return this.#get(place, (value) => value instanceof JsonNumber);
  }

  array(place: number): JsonArray {
    return this.#get(place, isArray);
  }

  object(place: number): JsonObject {
    return this.#get(place, isObject);
  }

  numbers(place: number): readonly JsonNumber[] {
    return this.array(place).filter((item) => item instanceof JsonNumber);
  }

  strings(place: number): readonly string[] {
    return this.array(place).filter((item) => typeof item === 'string');
  }

  reference(place: number): ExpressionReference {
    return this.#get(place, (value) => value instanceof ExpressionReference);
  }
}

const implementations: Readonly<Record<FunctionName, (args: Arguments, context: CallContext) => Json>> = {
  abs: (args) => absolute(computable(args.number(0))),
  avg: (args, { work }) => (args.array(0).length === 0 ? null : meanOf(summands(args, work))),
  ceil: (args) => wholeNumber(computable(args.number(0)), 'ceil'),
  contains: (args, { work }) => contains(args.value(0), args.value(1), work),
  ends_with: (args) => args.text(0).endsWith(args.text(1)),
  floor: (args) => wholeNumber(computable(args.number(0)), 'floor'),
  join: (args, { work }) => join(args.text(0), args.strings(1), work),
  keys: (args, { work }) => spent([...args.object(0).keys()], work),
  length: (args, { work }) => new JsonNumber(String(lengthOf(args.value(0), work))),
  map: (args, { apply }) => args.array(1).map((item) => apply(args.reference(0), item)),
  max: (args, { work }) => extreme(args.array(0), args.array(0), { sign: 1, work }),
  max_by: (args, context) => extreme(args.array(0), keysOf(args, 'max_by', context), { sign: 1, work: context.work }),
  merge: (args, { work }) => merge(args, work),
  min: (args, { work }) => extreme(args.array(0), args.array(0), { sign: -1, work }),
  min_by: (args, context) => extreme(args.array(0), keysOf(args, 'min_by', context), { sign: -1, work: context.work }),
  not_null: (args) => args.all.map((_, place) => args.value(place)).find((value) => value !== null) ?? null,
  reverse: (args, { work }) => reverse(args.value(0), work),
  sort: (args, { work }) => sortBy(args.array(0), args.array(0), work),
  sort_by: (args, context) => sortBy(args.array(0), keysOf(args, 'sort_by', context), context.work),
  starts_with: (args) => args.text(0).startsWith(args.text(1)),
  sum: (args, { work }) => sumOf(summands(args, work)),
  to_array: (args) => (isArray(args.value(0)) ? args.value(0) : [args.value(0)]),
  to_number: (args) => toNumber(args.value(0)),
  to_string: (args, { work }) => toText(args.value(0), work),
  type: (args) => (args.all[0] instanceof ExpressionReference ? 'expref' : typeOf(args.value(0))),
  values: (args, { work }) => spent([...args.object(0).values()], work),
};

function spent(items: JsonArray, work: Work): JsonArray {
  work.spend(items.length);
  return items;
}

function summands(args: Arguments, work: Work): readonly JsonNumber[] {
  const numbers = args.numbers(0);
  for (const { text } of numbers) work.spend(8 + text.length);
  return numbers.map(computable);
}

function contains(subject: Json, search: Json, work: Work): boolean {
  if (isArray(subject)) return subject.some((item) => isEqual(item, search, work));
  if (typeof subject !== 'string' || typeof search !== 'string') return false;
  work.spendText(subject.length + (subject.length * search.length) / 128);
  return subject.includes(search);
}

function join(glue: string, parts: readonly string[], work: Work): string {
  work.spendText(parts.reduce((sum, part) => sum + part.length, glue.length * parts.length));
  return parts.join(glue);
}

/** Of a text in code points. */
function lengthOf(value: Json, work: Work): number {
  if (isArray(value)) return value.length;
  if (isObject(value)) return value.size;
  return codePoints(value, work).length;
}

function codePoints(value: Json, work: Work): string[] {
  if (typeof value !== 'string') throw new TypeError('not a text');
  work.spend(value.length);
  return Array.from(value);
}

function reverse(value: Json, work: Work): Json {
  return isArray(value) ? spent(value.toReversed(), work) : codePoints(value, work).reverse().join('');
}

function merge(args: Arguments, work: Work): Json {
  const merged = new Map<string, Json>();
  args.all.forEach((_, place) => {
    const object = args.object(place);
    work.spend(4 * object.size);
    for (const [key, value] of object) merged.set(key, value);
  });
  return merged;
}

/** The keys of `sort_by`, `max_by` and `min_by`: all numbers or all strings. */
function keysOf(args: Arguments, name: FunctionName, { apply }: CallContext): JsonArray {
  const keys = args.array(0).map((item) => apply(args.reference(1), item));
  const uniform = keys.every((key) => key instanceof JsonNumber) || keys.every((key) => typeof key === 'string');
  if (!uniform) throw new ExpressionFailure(`calls ${name}() with keys that are neither all numbers nor all strings`);
  return keys;
}

/** Orders two numbers, or two strings by their code units. */
function orderOf(a: Json | undefined, b: Json | undefined, work: Work): number {
  if (a instanceof JsonNumber && b instanceof JsonNumber) {
    work.spendText(a.text.length + b.text.length);
    return compareNumbers(a, b);
  }
  if (typeof a !== 'string' || typeof b !== 'string') throw new TypeError('neither numbers nor strings');
  work.spend(1);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The first item whose key is greatest (`sign` 1) or least (-1). */
function extreme(items: JsonArray, keys: JsonArray, { sign, work }: { sign: 1 | -1; work: Work }): Json {
  let best = 0;
  keys.forEach((key, place) => {
    if (place > 0 && sign * orderOf(key, keys[best], work) > 0) best = place;
  });
  return items[best] ?? null;
}

function sortBy(items: JsonArray, keys: JsonArray, work: Work): Json {
  const places = spent([...items], work).map((_, place) => place);
  places.sort((a, b) => orderOf(keys[a], keys[b], work));
  return places.map((place) => items[place] ?? null);
}

/** Only what JSON itself calls a number. */
function toNumber(value: Json): Json {
  if (value instanceof JsonNumber) return value;
  const isNumber = typeof value === 'string' && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value);
  return isNumber ? new JsonNumber(value) : null;
}

function toText(value: Json, work: Work): string {
  if (typeof value === 'string') return value;
  const text = writeJson(value, textBytes);
  work.spendText(text.length);
  return text;
}

/** Equal in value: numbers however they are written, objects in whatever order of keys. */
export function isEqual(a: Json, b: Json, work: Work): boolean {
  work.spend(1);
  if (a === b) return true;
  if (a instanceof JsonNumber) {
    if (!(b instanceof JsonNumber)) return false;
    work.spendText(a.text.length + b.text.length);
    return compareNumbers(a, b) === 0;
  }
  if (isArray(a)) {
    return isArray(b) && a.length === b.length && a.every((item, place) => isEqual(item, b[place] ?? null, work));
  }
  if (!isObject(a) || !isObject(b) || a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !isEqual(value, other, work)) return false;
  }
  return true;
}
