/** From a value of a document to the text of a file. */
import { expressionResultBytes } from '../../budgets.js';
import { Secret } from '../../secret.js';
import { isArray, isObject, writeJson, type Json } from './exact-json.js';
import type { PlainPath } from './expression.js';
import { ExpressionFailure } from './expression-failure.js';

/** The value at a path: own keys of objects, places of arrays; `null` where there is none. */
export function selectPath(document: Json, path: PlainPath): Json {
  let value = document;
  for (const step of path) {
    if (typeof step === 'string') value = isObject(value) ? (value.get(step) ?? null) : null;
    else value = isArray(value) ? (value.at(step) ?? null) : null;
  }
  return value;
}

/**
 * The text of a result: a string as it is, anything else as JSON text.
 * @throws ExpressionFailure when it is null, or larger than a file may be
 */
export function renderResult(value: Json): Secret {
  if (value === null) throw new ExpressionFailure('finds nothing in the value: the result is null or missing');
  if (typeof value !== 'string') return new Secret(writeJson(value, expressionResultBytes));
  if (value.length > expressionResultBytes || Buffer.byteLength(value, 'utf8') > expressionResultBytes) {
    throw new ExpressionFailure(`gives more than ${expressionResultBytes} bytes`);
  }
  return new Secret(value);
}
