/** Reads answers of AWS to their end before the SDK sees them, within a bound. */
import { HttpResponse } from '@smithy/core/protocols';
import type { HttpRequest } from '@smithy/core/protocols';
import type { HttpHandlerOptions, RequestHandlerOutput } from '@smithy/types';
import * as budgets from '../budgets.js';
import type { AwsRequestHandler } from './transport.js';

/** What the SDK hands through to `WholeAnswerHandler` untouched. */
export interface CountingOptions extends HttpHandlerOptions {
  /** Told of the bytes of the answer, as they arrive. */
  readonly onBytes?: (bytes: number) => void;
  /** Where the answer may be larger than `awsAnswerBytes`. */
  readonly maxBytes?: number;
}

/** No answer of AWS is as large. */
export class EndlessAnswer extends Error {
  override readonly name = 'EndlessAnswer';

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
  }
}

/**
 * Hands on whole answers only. The SDK would take a connection that breaks within an answer for an answer that it
 * cannot read, and would keep any amount of it.
 */
export class WholeAnswerHandler implements AwsRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #inner: AwsRequestHandler;

  /** @param inner limits the time of each attempt, head and body together, to `requestTimeout` of the options */
  constructor(inner: AwsRequestHandler) {
    this.#inner = inner;
  }

  /** @throws EndlessAnswer, or what `inner` or the connection fails with */
  async handle(request: HttpRequest, options?: CountingOptions): Promise<RequestHandlerOutput<HttpResponse>> {
    const { response } = await this.#inner.handle(request, options);
    const { statusCode, headers, reason } = response;
    const body = await collect(response.body, options);
    return { response: new HttpResponse({ statusCode, headers, body, ...(reason !== undefined && { reason }) }) };
  }

  /** The connections are shared: no client may set anything on them. */
  updateHttpClientConfig(): void {
    return;
  }

  httpHandlerConfigs(): object {
    return {};
  }
}

async function collect(body: unknown, { onBytes, maxBytes = budgets.awsAnswerBytes }: CountingOptions = {}) {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    onBytes?.(chunk.byteLength);
    // Leaving the loop ends the stream and its connection.
    if (size > maxBytes) throw new EndlessAnswer(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
