/** Limits each attempt at an AWS call to one time for the whole answer, head and body, over the shared connections. */
import { HttpResponse } from '@smithy/core/protocols';
import type { HttpRequest } from '@smithy/core/protocols';
import type { HttpHandlerOptions, RequestHandlerOutput } from '@smithy/types';
import * as budgets from '../budgets.js';
import { raceWithSignal } from '../shared-calls.js';
import type { AwsRequestHandler } from '../transport.js';
import { startFairTimer } from '../fair-timer.js';

/**
 * A request handler that reads the answer to its end and gives up after `requestTimeout` milliseconds of the call's
 * options (default `awsAttemptMs`). The handlers of the SDK limit at most the time to the answer's head, and count the
 * time that this process was stalled.
 */
export class AttemptLimiter implements AwsRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #inner: AwsRequestHandler;

  constructor(inner: AwsRequestHandler) {
    this.#inner = inner;
  }

  /** @throws an error named `TimeoutError`, which the SDK tries again, or the reason of the call's abort signal */
  async handle(request: HttpRequest, options: HttpHandlerOptions = {}): Promise<RequestHandlerOutput<HttpResponse>> {
    const controller = new AbortController();
    const caller = options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined;
    caller?.throwIfAborted();
    const onAbort = (): void => {
      controller.abort(caller?.reason);
    };
    caller?.addEventListener('abort', onAbort, { once: true });
    const limitMs = options.requestTimeout ?? budgets.awsAttemptMs;
    const stopTimer = startFairTimer(limitMs, () => {
      controller.abort(timeoutError(limitMs));
    });
    try {
      return await raceWithSignal(this.#readWhole(request, controller.signal), controller.signal);
    } catch (error) {
      // Frees the connection of an answer that was given up half-way. (A whole one leaves it open for the next call.)
      controller.abort();
      throw error;
    } finally {
      stopTimer();
      caller?.removeEventListener('abort', onAbort);
    }
  }

  /** The connections are shared: no client may set anything on them. */
  updateHttpClientConfig(): void {
    return;
  }

  httpHandlerConfigs(): object {
    return {};
  }

  async #readWhole(request: HttpRequest, abortSignal: AbortSignal): Promise<RequestHandlerOutput<HttpResponse>> {
    const { response } = await this.#inner.handle(request, { abortSignal });
    const { statusCode, headers, reason } = response;
    const body = await collect(response.body);
    return { response: new HttpResponse({ statusCode, headers, body, ...(reason !== undefined && { reason }) }) };
  }
}

function timeoutError(limitMs: number): Error {
  const error = new Error(`no whole answer within ${limitMs} ms`);
  error.name = 'TimeoutError';
  return error;
}

async function collect(body: unknown): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > budgets.awsAnswerBytes) throw new Error(`answer of more than ${budgets.awsAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
