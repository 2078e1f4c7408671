/** One bounded HTTP GET over Node's own client: never through a proxy, never following a redirect. */
import http from 'node:http';
import https from 'node:https';
import { startFairTimer } from '../fair-timer.js';
import { raceWithSignal } from '../shared-calls.js';

export interface GetOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the URL's own scheme. */
  readonly agent: http.Agent | https.Agent;
  /** For the whole attempt, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** To connect; absent: `timeoutMs`. */
  readonly connectTimeoutMs?: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** There was no whole HTTP answer: refused, cut, too slow or too large. Its message holds nothing of headers or body. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** @throws NoAnswerError, or `signal.reason` as soon as the signal fires */
export async function httpGet(options: GetOptions): Promise<Answer> {
  options.signal.throwIfAborted();
  const controller = new AbortController();
  try {
    return await raceWithSignal(exchange(options, controller.signal), options.signal);
  } catch (error) {
    controller.abort();
    throw error;
  }
}

/** @param ended fires when nobody waits any longer */
function exchange(options: GetOptions, ended: AbortSignal): Promise<Answer> {
  const { url, agent, headers } = options;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, { agent, headers });
    const fail = (message: string, cause?: unknown): void => {
      stopTimers();
      request.destroy();
      reject(new NoAnswerError(message, { cause }));
    };
    const stopTimers = limitTime(request, options, fail);
    ended.addEventListener(
      'abort',
      () => {
        fail('given up');
      },
      { once: true },
    );
    request.on('error', (error) => {
      fail(error.message === '' ? nameOf(error) : error.message, error);
    });
    request.on('response', (response) => {
      readBody(response, options.maxBytes, fail, (body) => {
        stopTimers();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.end();
  });
}

function limitTime(request: http.ClientRequest, options: GetOptions, fail: (message: string) => void): () => void {
  const stopWhole = startFairTimer(options.timeoutMs, () => {
    fail(`no answer within ${Math.round(options.timeoutMs)} ms`);
  });
  const connectMs = options.connectTimeoutMs ?? options.timeoutMs;
  const stopConnect = startFairTimer(connectMs, () => {
    fail(`no connection within ${Math.round(connectMs)} ms`);
  });
  request.on('socket', (socket) => {
    if (socket.connecting) socket.once('connect', stopConnect);
    else stopConnect();
  });
  return () => {
    stopWhole();
    stopConnect();
  };
}

function readBody(
  response: http.IncomingMessage,
  maxBytes: number,
  fail: (message: string, cause?: unknown) => void,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size > maxBytes) fail(`an answer of more than ${maxBytes} bytes`);
    else chunks.push(chunk);
  });
  response.on('end', () => {
    done(Buffer.concat(chunks));
  });
  // Also fires when the connection ends before the body does.
  response.on('error', (error) => {
    fail(`the answer broke off: ${error.message}`, error);
  });
}

/** Node gives an AggregateError without a message when every address of a name refuses. */
function nameOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
