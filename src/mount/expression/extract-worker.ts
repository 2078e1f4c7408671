/** Entry of the worker thread that evaluates JMESPath away from the mounts. It logs nothing and keeps nothing. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { expressionCallWork, expressionWork } from '../../budgets.js';
import { parseJson, JsonFailure, type Json } from './exact-json.js';
import { parseExpression } from './expression.js';
import { evaluate } from './expression-evaluate.js';
import { ExpressionFailure } from './expression-failure.js';
import { renderResult } from './expression-result.js';
import { Work } from './expression-work.js';
import type { EvaluateJob, WorkerMessage } from './extract-protocol.js';

if (parentPort === null) throw new TypeError('extract-worker runs as a worker thread only');
serve(parentPort);

function serve(port: MessagePort): void {
  const send = (message: WorkerMessage) => {
    port.postMessage(message);
  };
  port.on('message', (job: EvaluateJob) => {
    runJob(job, send);
    send({ kind: 'done' });
  });
  send({ kind: 'ready' });
}

function runJob(job: EvaluateJob, send: (message: WorkerMessage) => void): void {
  const document = attempt(() => parseJson(new TextDecoder().decode(job.document)));
  const all = new Work(expressionCallWork);
  for (const expression of job.expressions) {
    const outcome = 'failure' in document ? document : attempt(() => compute(expression, document.result, all));
    send('failure' in outcome ? { kind: 'outcome', failure: outcome.failure } : outcome.result);
  }
}

function compute(expression: string, document: Json, all: Work): WorkerMessage {
  const work = new Work(expressionWork, all);
  const text = renderResult(evaluate(parseExpression(expression), document, work));
  all.spend(text.byteLength); // So that a thousand results of the largest size are not all held at once.
  return { kind: 'outcome', text: Uint8Array.from(text.reveal()) }; // A copy: small buffers share one pool.
}

/** Only messages that are made to be shown leave; those of other errors may quote the document. */
function attempt<T>(action: () => T): { readonly result: T } | { readonly failure: string } {
  try {
    return { result: action() };
  } catch (error) {
    if (error instanceof ExpressionFailure) return { failure: error.message };
    if (error instanceof JsonFailure) return { failure: `needs JSON, and the value ${error.message}` };
    return { failure: 'could not be evaluated' };
  }
}
