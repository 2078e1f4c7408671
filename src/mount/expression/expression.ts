/** JMESPath expressions at the door: which are refused before anything is fetched, and which are plain paths. */
import { expressionBytes, expressionDepth } from '../../budgets.js';
import { JsonNumber, survivesDouble } from './exact-number.js';
import { ExpressionFailure } from './expression-failure.js';
import { parseTree, type ExpressionNode } from './expression-tree.js';

/** Fields and indexes, from the outermost in; a negative index counts from the end. */
export type PlainPath = readonly (string | number)[];

/**
 * What is wrong with an expression, completing the sentence "<expression> ..."; `undefined` when nothing is.
 * Levels are open brackets in the source, and steps of the parsed tree: `a.b[0]` has three.
 */
export function checkExpression(expression: string): string | undefined {
  try {
    parseExpression(expression);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionFailure) return error.message;
    throw error;
  }
}

/** The path when an expression holds only fields (quoted ones too) and indexes; `undefined` for any other, or a bad one. */
export function asPlainPath(expression: string): PlainPath | undefined {
  try {
    return pathOf(parseExpression(expression));
  } catch (error) {
    if (error instanceof ExpressionFailure) return undefined;
    throw error;
  }
}

/**
 * The tree of a good expression.
 * @throws ExpressionFailure what `checkExpression` says
 */
export function parseExpression(expression: string): ExpressionNode {
  if (expression.trim() === '') throw new ExpressionFailure('is empty; write a JMESPath expression');
  const bytes = Buffer.byteLength(expression, 'utf8');
  if (bytes > expressionBytes) {
    throw new ExpressionFailure(`is ${bytes} bytes long; at most ${expressionBytes} are allowed`);
  }
  checkSource(expression);
  const tree = parseTree(expression);
  checkLiterals(expression);
  return tree;
}

/** A quoted name, a raw string or a literal: brackets and digits in them mean nothing. */
const quotedParts = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/gs;

/** Bounds the parser's recursion before it begins, and refuses what it reads in silence: an index such as `1-2`. */
function checkSource(expression: string): void {
  const bare = expression.replace(quotedParts, '#');
  if (/["'`]/.test(bare)) throw new ExpressionFailure('is not valid JMESPath: a quote is not closed');
  let level = 0;
  for (const character of bare) {
    if ('([{'.includes(character)) level += 1;
    if (')]}'.includes(character)) level -= 1;
    if (level > expressionDepth) {
      throw new ExpressionFailure(`is nested deeper than ${expressionDepth} levels; split it or simplify it`);
    }
  }
  if (/[\w#]-|-(?!\d)/.test(bare)) {
    throw new ExpressionFailure('is not valid JMESPath: a name with a hyphen must stand in double quotes: "my-name"');
  }
}

/** The library keeps numbers in literals as doubles, so one that is none would silently be compared as another. */
function checkLiterals(expression: string): void {
  for (const [part] of expression.matchAll(quotedParts)) {
    if (!part.startsWith('`')) continue;
    const text = part.slice(1, -1).replaceAll('\\`', '`');
    if (!isJson(text)) continue;
    for (const [number] of text.replace(/"(?:\\.|[^"\\])*"/gs, '""').matchAll(/-?\d[\d.eE+-]*/g)) {
      if (survivesDouble(new JsonNumber(number))) continue;
      throw new ExpressionFailure('has a number in a literal that has too many digits and would be rounded');
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // An older way to write a string literal: `text` without double quotes.
  }
}

function pathOf(node: ExpressionNode): PlainPath | undefined {
  if (node.type === 'current') return [];
  if (node.type === 'field') return [node.name];
  if (node.type === 'index') return [node.index];
  if (node.type !== 'chain' || node.pipe) return undefined;
  const left = pathOf(node.left);
  const right = pathOf(node.right);
  return left === undefined || right === undefined ? undefined : [...left, ...right];
}
