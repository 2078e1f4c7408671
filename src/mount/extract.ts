/** The jmesPath step of a mount: from whole values to the values that their expressions select. */
import { setImmediate } from 'node:timers/promises';
import { extractedBytes } from '../budgets.js';
import { combineErrors, ProviderError, quote } from '../errors.js';
import type { Secret } from '../secret.js';
import { JsonFailure, parseJson, type Json } from './expression/exact-json.js';
import { asPlainPath } from './expression/expression.js';
import { ExpressionFailure } from './expression/expression-failure.js';
import { renderResult, selectPath } from './expression/expression-result.js';
import type { ExpressionEngine, ExpressionOutcome } from './ports.js';
import type { FetchedObject, ObjectSpec } from './types.js';

/**
 * The value of each jmesPath entry, object by object, both in the order of the list.
 * @param fetched the objects' values, in the same order
 * @param owner the pod's namespace
 * @throws ProviderError `extract_failed`, one for all entries that have no value, in order; and the reason of `signal`
 */
export async function extractValues(
  objects: readonly ObjectSpec[],
  fetched: readonly FetchedObject[],
  engine: ExpressionEngine,
  owner: string,
  signal: AbortSignal,
): Promise<readonly (readonly Secret[])[]> {
  const context: Context = {
    evaluate: (document, expressions) => engine.evaluate(document, expressions, owner, signal),
    pace: pacing(signal),
    room: { bytes: extractedBytes },
  };
  const faults: ProviderError[] = [];
  const values: Secret[][] = [];
  for (const [place, object] of objects.entries()) {
    const source = fetched[place];
    if (source === undefined) throw new TypeError('an object was not fetched');
    const extracted = await extractObject(object, source.value, context);
    faults.push(...extracted.faults);
    values.push(extracted.values);
  }
  if (faults.length > 0) throw combineErrors(faults);
  return values;
}

interface Context {
  readonly evaluate: (document: Secret, expressions: readonly string[]) => Promise<readonly ExpressionOutcome[]>;
  /** Called between pieces of work. */
  readonly pace: () => Promise<void>;
  /** What the results still to come may hold. */
  readonly room: { bytes: number };
}

/** How long one mount holds the thread at a stretch, in milliseconds. */
const stretchMs = 5;

/** Lets the other mounts in between after each stretch: reading 1,000 large documents takes seconds. */
function pacing(signal: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < stretchMs) return;
    await setImmediate();
    signal.throwIfAborted();
    since = performance.now();
  };
}

interface Extracted {
  readonly values: Secret[];
  readonly faults: readonly ProviderError[];
}

async function extractObject(object: ObjectSpec, value: Secret, context: Context): Promise<Extracted> {
  if (object.jmesPath.length === 0) return { values: [], faults: [] };
  await context.pace();
  const document = read(value);
  if ('failure' in document) {
    const remedy = 'store JSON in it, or remove its jmesPath';
    return { values: [], faults: [fault(object, `the value ${document.failure}, which jmesPath needs; ${remedy}`)] };
  }
  const outcomes = await outcomesOf(object, value, document.json, context);
  const values: Secret[] = [];
  const faults: ProviderError[] = [];
  for (const [place, outcome] of outcomes.entries()) {
    if ('text' in outcome) values.push(outcome.text);
    else faults.push(fault(object, `jmesPath ${quote(object.jmesPath[place]?.expression ?? '')} ${outcome.failure}`));
  }
  return { values, faults };
}

function fault(object: ObjectSpec, message: string): ProviderError {
  return new ProviderError('extract_failed', `objects[${object.index}] ${quote(object.name)}: ${message}`);
}

function read(value: Secret): { readonly json: Json } | { readonly failure: string } {
  try {
    return { json: parseJson(value.revealText()) };
  } catch (error) {
    if (error instanceof JsonFailure) return { failure: error.message };
    throw error;
  }
}

/** Plain paths are walked here, which costs nothing that a tenant could stretch; all others go to the engine at once. */
async function outcomesOf(
  object: ObjectSpec,
  value: Secret,
  document: Json,
  { evaluate, pace, room }: Context,
): Promise<readonly ExpressionOutcome[]> {
  const entries = object.jmesPath.map(({ expression }) => ({ expression, path: asPlainPath(expression) }));
  const others = entries.filter(({ path }) => path === undefined).map(({ expression }) => expression);
  const evaluated = (others.length === 0 ? [] : await evaluate(value, others)).values();
  const outcomes: ExpressionOutcome[] = [];
  for (const { path } of entries) {
    await pace();
    const outcome =
      path === undefined
        ? (evaluated.next().value ?? { failure: 'could not be evaluated' })
        : walk(() => renderResult(selectPath(document, path)));
    outcomes.push(outcome);
    room.bytes -= 'text' in outcome ? outcome.text.byteLength : 0;
    if (room.bytes < 0) throw fault(object, `the jmesPath results of this mount are over ${extractedBytes} bytes`);
  }
  return outcomes;
}

function walk(action: () => Secret): ExpressionOutcome {
  try {
    return { text: action() };
  } catch (error) {
    if (error instanceof ExpressionFailure) return { failure: error.message };
    throw error;
  }
}
