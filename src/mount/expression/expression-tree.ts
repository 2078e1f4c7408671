/** The tree of a JMESPath expression: what the jmespath library parses, checked once and given types. */
import jmespath from 'jmespath';
import { escapeControls, quote, quoteLimit } from '../../errors.js';
import { expressionDepth } from '../../budgets.js';
import { fromParsed, type Json } from './exact-json.js';
import { ExpressionFailure } from './expression-failure.js';
import { isFunctionName, signatureOf, type FunctionName } from './expression-signatures.js';

declare module 'jmespath' {
  /** The library's own tree; throws on a fault of syntax. */
  function compile(expression: string): unknown;
}

export type Comparison = 'EQ' | 'NE' | 'GT' | 'GTE' | 'LT' | 'LTE';

export type ExpressionNode =
  | { readonly type: 'current' }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'slice'; readonly start?: number; readonly stop?: number; readonly step: number }
  | { readonly type: 'literal'; readonly value: Json }
  /** `right` on the result of `left`: sub-expressions, index expressions and pipes. */
  | { readonly type: 'chain'; readonly left: ExpressionNode; readonly right: ExpressionNode; readonly pipe: boolean }
  | { readonly type: 'projection'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly type: 'values'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | {
      readonly type: 'filter';
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly condition: ExpressionNode;
    }
  | { readonly type: 'flatten'; readonly of: ExpressionNode }
  | { readonly type: 'list'; readonly items: readonly ExpressionNode[] }
  | { readonly type: 'hash'; readonly entries: readonly (readonly [string, ExpressionNode])[] }
  | { readonly type: 'or' | 'and'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly type: 'not'; readonly of: ExpressionNode }
  | {
      readonly type: 'comparison';
      readonly operator: Comparison;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | { readonly type: 'call'; readonly name: FunctionName; readonly arguments: readonly ExpressionNode[] }
  | { readonly type: 'reference'; readonly to: ExpressionNode };

const invalid = 'is not valid JMESPath';

/**
 * Parses an expression whose size and nesting in the source are bounded already.
 * @throws ExpressionFailure a fault of syntax, an unknown function, a wrong number of arguments, too many levels
 */
export function parseTree(expression: string): ExpressionNode {
  return convert(compile(expression), 1);
}

function compile(expression: string): unknown {
  try {
    return jmespath.compile(expression);
  } catch (error) {
    throw new ExpressionFailure(syntaxFault(error), { cause: error });
  }
}

/** The library names its own errors; the others are of JSON.parse, or of reading past the last token. */
function syntaxFault(error: unknown): string {
  if (error instanceof SyntaxError) return `${invalid}: a quoted name or literal in it is not valid JSON`;
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return invalid;
  if (error.message.includes('EOF')) return `${invalid}: it ends too early`;
  return `${invalid}: ${escapeControls(error.message.slice(0, quoteLimit).toWellFormed())}`;
}

/** A node of the library, seen from outside. */
interface RawNode {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
  readonly children?: unknown;
}

/** One level of the tree; the library leaves holes where an operand is missing, and they are faults of syntax. */
function convert(raw: unknown, level: number): ExpressionNode {
  if (level > expressionDepth) {
    throw new ExpressionFailure(`is nested deeper than ${expressionDepth} levels; split it or simplify it`);
  }
  if (!isRawNode(raw)) throw new ExpressionFailure(`${invalid}: an operand is missing`);
  const children = Array.isArray(raw.children) ? (raw.children as readonly unknown[]) : [];
  const child = (place: number) => convert(children[place], level + 1);
  const sides = () => ({ left: child(0), right: child(1) });
  switch (raw.type) {
    case 'Identity':
    case 'Current':
      return { type: 'current' };
    case 'Field':
      return { type: 'field', name: String(raw.name) };
    case 'Index':
      return { type: 'index', index: wholeNumber(raw.value) };
    case 'Slice':
      return slice(children);
    case 'Literal':
      return { type: 'literal', value: fromParsed(raw.value) };
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe':
      return { type: 'chain', ...sides(), pipe: raw.type === 'Pipe' };
    case 'Projection':
      return { type: 'projection', ...sides() };
    case 'ValueProjection':
      return { type: 'values', ...sides() };
    case 'FilterProjection':
      return { type: 'filter', ...sides(), condition: child(2) };
    case 'Flatten':
      return { type: 'flatten', of: child(0) };
    case 'MultiSelectList':
      return { type: 'list', items: children.map((_, place) => child(place)) };
    case 'MultiSelectHash':
      return { type: 'hash', entries: children.map((pair) => entry(pair, level)) };
    case 'OrExpression':
      return { type: 'or', ...sides() };
    case 'AndExpression':
      return { type: 'and', ...sides() };
    case 'NotExpression':
      return { type: 'not', of: child(0) };
    case 'Comparator':
      return { type: 'comparison', operator: raw.name as Comparison, ...sides() };
    case 'Function':
      return call(
        raw.name,
        children.map((_, place) => child(place)),
      );
    case 'ExpressionReference':
      return { type: 'reference', to: child(0) };
    default:
      throw new TypeError('the jmespath library made an unknown node');
  }
}

function isRawNode(raw: unknown): raw is RawNode {
  return typeof raw === 'object' && raw !== null;
}

function entry(pair: unknown, level: number): readonly [string, ExpressionNode] {
  const { name, value } = pair as RawNode;
  return [String(name), convert(value, level + 1)];
}

/** The library reads a lone `-` as NaN. */
function wholeNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new ExpressionFailure(`${invalid}: an index is not a whole number`);
  }
  return value;
}

function slice(parts: readonly unknown[]): ExpressionNode {
  const [start, stop, step] = parts.map((part) => (part === null ? undefined : wholeNumber(part)));
  if (step === 0) throw new ExpressionFailure(`${invalid}: the step of a slice is 0`);
  return {
    type: 'slice',
    ...(start === undefined ? {} : { start }),
    ...(stop === undefined ? {} : { stop }),
    step: step ?? 1,
  };
}

function call(name: unknown, args: readonly ExpressionNode[]): ExpressionNode {
  if (typeof name !== 'string') throw new ExpressionFailure(`${invalid}: a function has no name`);
  if (!isFunctionName(name)) throw new ExpressionFailure(`calls the unknown function ${quote(name)}`);
  const signature = signatureOf(name);
  const wanted = signature.arguments.length;
  const fits = signature.variadic === true ? args.length >= wanted : args.length === wanted;
  if (!fits) {
    const least = signature.variadic === true ? 'at least ' : '';
    throw new ExpressionFailure(`calls ${name}() with ${args.length} arguments; it takes ${least}${wanted}`);
  }
  return { type: 'call', name, arguments: args };
}
