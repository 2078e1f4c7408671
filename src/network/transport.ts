/** The one way out to AWS: long-lived connections, the roots to trust and the proxies to go through. */
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpRequest, type HttpHandler, type HttpResponse } from '@smithy/core/protocols';
import type { HttpHandlerOptions, RequestHandlerOutput } from '@smithy/types';
import { awsAttemptMs, awsConnectMs, awsIdleMs, awsSockets } from '../budgets.js';
import { startFairTimer } from '../fair-timer.js';
import { silentLogger } from '../log.js';
import { createNameLookup } from './name-lookup.js';
import { bareHost, PlainAgent, portOf, proxyHeaders, SecureAgent } from './proxy-agent.js';
import type { Network } from './network.js';
import type { ProxyRules } from './proxy-rules.js';
import type { ResolveHost } from './system-names.js';

/** What every SDK client of this process sends its requests through. */
export type AwsRequestHandler = HttpHandler;

export interface Transport {
  readonly requestHandler: AwsRequestHandler;
  /** Ends all connections. */
  close(): void;
}

/** `budgets.ts` says the defaults. */
export interface TransportOptions {
  readonly connectMs?: number;
  readonly attemptMs?: number;
  readonly idleMs?: number;
  readonly resolve?: ResolveHost;
}

/** The connections of the process. */
export function createTransport(network: Network, options: TransportOptions = {}): Transport {
  const { rules } = network;
  const connections = {
    ...network,
    lookup: createNameLookup(options.resolve === undefined ? {} : { resolve: options.resolve }),
    connectMs: options.connectMs ?? awsConnectMs,
    idleMs: options.idleMs ?? awsIdleMs,
    maxSockets: awsSockets,
  };
  const agents = { httpAgent: new PlainAgent(connections), httpsAgent: new SecureAgent(connections) };
  const handler = new NodeHttpHandler({
    ...agents,
    // Its own timers do not know of stalls of this process, and end with the answer's head: see LimitedHandler.
    requestTimeout: 0,
    connectionTimeout: 0,
    socketTimeout: 0,
    throwOnRequestTimeout: true,
    logger: silentLogger,
  });
  return {
    requestHandler: new LimitedHandler(handler, rules, options.attemptMs ?? awsAttemptMs),
    close: () => {
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

/** Limits each attempt, from the request to the whole answer. Belongs to no client: none may configure or end it. */
class LimitedHandler implements AwsRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #inner: NodeHttpHandler;
  readonly #rules: ProxyRules;
  readonly #attemptMs: number;

  constructor(inner: NodeHttpHandler, rules: ProxyRules, attemptMs: number) {
    this.#inner = inner;
    this.#rules = rules;
    this.#attemptMs = attemptMs;
  }

  /** @throws an error named `TimeoutError`, which the SDK tries again, or `AbortError` */
  async handle(request: HttpRequest, options: HttpHandlerOptions = {}): Promise<RequestHandlerOutput<HttpResponse>> {
    const caller = options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined;
    const attempt = new AbortController();
    const leave = () => {
      attempt.abort(caller?.reason);
    };
    if (caller?.aborted === true) leave();
    caller?.addEventListener('abort', leave, { once: true });
    const limitMs = Math.min(options.requestTimeout ?? this.#attemptMs, this.#attemptMs);
    let timedOut: Error | undefined;
    const stopTimer = startFairTimer(limitMs, () => {
      timedOut = timeoutError(limitMs);
      attempt.abort(timedOut);
    });
    const stop = () => {
      stopTimer();
      caller?.removeEventListener('abort', leave);
    };
    try {
      const routed = routePlain(request, this.#rules);
      const output = await this.#inner.handle(routed, { abortSignal: attempt.signal });
      watchBody(output.response.body, attempt.signal, stop);
      return output;
    } catch (error) {
      stop();
      throw timedOut ?? error;
    }
  }

  updateHttpClientConfig(): void {
    return;
  }

  httpHandlerConfigs(): object {
    return {};
  }
}

/** A plain request through a proxy asks the proxy for the whole URL; an encrypted one finds its way in the agent. */
function routePlain(request: HttpRequest, rules: ProxyRules): HttpRequest {
  if (request.protocol !== 'http:') return request;
  const port = request.port ?? 80;
  const proxy = rules.proxyFor('http', request.hostname, port);
  if (proxy === undefined) return request;
  const routed = HttpRequest.clone(request);
  routed.protocol = proxy.protocol;
  routed.hostname = bareHost(proxy);
  routed.port = portOf(proxy);
  routed.path = `http://${request.hostname}:${port}${request.path}`;
  routed.headers = { host: `${request.hostname}:${port}`, ...request.headers, ...proxyHeaders(proxy) };
  return routed;
}

/** Keeps the attempt's limit and the caller's signal over the body, which is read after the head is handed on. */
function watchBody(body: unknown, signal: AbortSignal, stop: () => void): void {
  if (!isStream(body)) {
    stop();
    return;
  }
  const end = () => {
    body.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  body.once('close', () => {
    signal.removeEventListener('abort', end);
    stop();
  });
}

interface BodyStream {
  destroy(error?: Error): unknown;
  once(event: 'close', listener: () => void): unknown;
}

function isStream(body: unknown): body is BodyStream {
  return typeof body === 'object' && body !== null && 'destroy' in body && 'once' in body;
}

function timeoutError(limitMs: number): Error {
  const error = new Error(`no whole answer within ${limitMs} ms`);
  return Object.assign(error, { name: 'TimeoutError', code: 'ETIMEDOUT' });
}
