/** Evaluates the tree of a JMESPath expression on a document, with exact numbers, own keys only, and bounded work. */
import { isArray, isObject, type Json, type JsonArray } from './exact-json.js';
import { compareNumbers, JsonNumber } from './exact-number.js';
import { ExpressionFailure } from './expression-failure.js';
import { callFunction, ExpressionReference, isEqual } from './expression-functions.js';
import type { Comparison, ExpressionNode } from './expression-tree.js';
import type { Work } from './expression-work.js';

type NodeOf<Type extends ExpressionNode['type']> = Extract<ExpressionNode, { type: Type }>;

/**
 * The result of an expression on a value, by the rules of the JMESPath specification.
 * @throws ExpressionFailure when a function gets what it does not take, a number would be rounded, or work runs out
 */
export function evaluate(node: ExpressionNode, value: Json, work: Work): Json {
  work.spend(1);
  switch (node.type) {
    case 'current':
      return value;
    case 'field':
      return isObject(value) ? (value.get(node.name) ?? null) : null;
    case 'index':
      return isArray(value) ? (value.at(node.index) ?? null) : null;
    case 'slice':
      return isArray(value) ? slice(node, value, work) : null;
    case 'literal':
      return node.value;
    case 'chain':
      return evaluate(node.right, evaluate(node.left, value, work), work);
    case 'projection':
    case 'values':
    case 'filter':
      return project(node, value, work);
    case 'flatten':
      return flatten(evaluate(node.of, value, work), work);
    case 'list':
      return value === null ? null : node.items.map((item) => evaluate(item, value, work));
    case 'hash':
      return value === null ? null : hash(node, value, work);
    case 'or':
    case 'and': {
      const left = evaluate(node.left, value, work);
      return isFalse(left) === (node.type === 'or') ? evaluate(node.right, value, work) : left;
    }
    case 'not':
      return isFalse(evaluate(node.of, value, work));
    case 'comparison':
      return compare(node.operator, evaluate(node.left, value, work), evaluate(node.right, value, work), work);
    case 'call':
      return call(node, value, work);
    case 'reference':
      throw new ExpressionFailure('has "&" where a value is needed');
  }
}

function slice({ start, stop, step }: NodeOf<'slice'>, items: JsonArray, work: Work): Json {
  const forward = step > 0;
  const bound = (place: number | undefined, otherwise: number) => {
    if (place === undefined) return otherwise;
    const fromStart = place < 0 ? place + items.length : place;
    return Math.min(Math.max(fromStart, forward ? 0 : -1), forward ? items.length : items.length - 1);
  };
  const first = bound(start, forward ? 0 : items.length - 1);
  const end = bound(stop, forward ? items.length : -1);
  const picked: Json[] = [];
  for (let place = first; forward ? place < end : place > end; place += step) picked.push(items[place] ?? null);
  work.spend(picked.length);
  return picked;
}

/** Applies the right side to every element of the left side, and leaves out what is null. */
function project(node: NodeOf<'projection' | 'values' | 'filter'>, value: Json, work: Work): Json {
  const left = evaluate(node.left, value, work);
  const items = elements(left, node.type);
  if (items === undefined) return null;
  const results: Json[] = [];
  for (const item of items) {
    if (node.type === 'filter' && isFalse(evaluate(node.condition, item, work))) continue;
    const result = evaluate(node.right, item, work);
    if (result !== null) results.push(result);
  }
  return results;
}

/** What a projection goes over: the values of an object for `*`, else the elements of an array. */
function elements(value: Json, type: 'projection' | 'values' | 'filter'): JsonArray | undefined {
  if (type === 'values') return isObject(value) ? [...value.values()] : undefined;
  return isArray(value) ? value : undefined;
}

function flatten(value: Json, work: Work): Json {
  if (!isArray(value)) return null;
  const items: Json[] = [];
  for (const item of value) {
    work.spend(isArray(item) ? 1 + item.length : 1);
    if (!isArray(item)) items.push(item);
    else for (const inner of item) items.push(inner);
  }
  return items;
}

function hash(node: NodeOf<'hash'>, value: Json, work: Work): Json {
  work.spend(4 * node.entries.length); // A map weighs more than an array.
  return new Map(node.entries.map(([key, entry]) => [key, evaluate(entry, value, work)]));
}

/** JMESPath's own false: null, false, and empty strings, arrays and objects; never a number. */
function isFalse(value: Json): boolean {
  if (isArray(value)) return value.length === 0;
  if (isObject(value)) return value.size === 0;
  return value === null || value === false || value === '';
}

/** Order is defined between numbers only; any other pair gives null. */
function compare(operator: Comparison, left: Json, right: Json, work: Work): Json {
  if (operator === 'EQ') return isEqual(left, right, work);
  if (operator === 'NE') return !isEqual(left, right, work);
  if (!(left instanceof JsonNumber) || !(right instanceof JsonNumber)) return null;
  work.spendText(left.text.length + right.text.length);
  const order = compareNumbers(left, right);
  switch (operator) {
    case 'GT':
      return order > 0;
    case 'GTE':
      return order >= 0;
    case 'LT':
      return order < 0;
    case 'LTE':
      return order <= 0;
  }
}

function call(node: NodeOf<'call'>, value: Json, work: Work): Json {
  const args = node.arguments.map((argument) =>
    argument.type === 'reference' ? new ExpressionReference(argument.to) : evaluate(argument, value, work),
  );
  const apply = ({ node: to }: ExpressionReference, item: Json) => evaluate(to, item, work);
  return callFunction(node.name, args, { apply, work });
}
