/** Long-lived connections to AWS, direct or through a CONNECT proxy, each opened within a bounded time. */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type SecureContext } from 'node:tls';
import { startFairTimer } from '../fair-timer.js';
import type { ProxyRules } from './proxy-rules.js';

export interface ConnectionOptions {
  readonly rules: ProxyRules;
  readonly lookup: LookupFunction;
  /** The roots to trust. */
  readonly secureContext: () => SecureContext;
  /** From the name to the end of the TLS handshake, a proxy's part included. */
  readonly connectMs: number;
  /** How long a connection is kept without work. */
  readonly idleMs: number;
  /** For one host. */
  readonly maxSockets: number;
}

/** A proxy that did not open a tunnel. A `code` of the network makes the SDK try again. */
export class ProxyError extends Error {
  override readonly name: string = 'ProxyError';
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type Created = (error: Error | null, socket: Duplex) => void;
/** Node's agents take an error alone; the types ask for a socket beside it. */
type Failed = (error: Error) => void;
type SocketOptions = https.RequestOptions & tls.ConnectionOptions;

function agentOptions({ lookup, idleMs, maxSockets }: ConnectionOptions): http.AgentOptions {
  return { keepAlive: true, timeout: idleMs, maxSockets, lookup };
}

/** For `http:` URLs. Requests through a proxy name the proxy as their host, so that every connection here is direct. */
export class PlainAgent extends http.Agent {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    super(agentOptions(options));
    this.#options = options;
  }

  override createConnection(options: http.ClientRequestArgs, callback?: Created): Duplex | null | undefined {
    const socket = super.createConnection(options, callback);
    if (socket) limitConnecting(socket, 'connect', this.#options.connectMs);
    return socket;
  }
}

/** For `https:` URLs. TLS sessions are kept by the host behind the tunnel, as for direct connections. */
export class SecureAgent extends https.Agent {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    super(agentOptions(options));
    this.#options = options;
  }

  override createConnection(options: SocketOptions, callback?: Created): Duplex | null | undefined {
    const { rules, connectMs } = this.#options;
    const trusting = { ...options, secureContext: this.#options.secureContext() };
    const host = options.host ?? '';
    const port = Number(options.port ?? '443');
    const proxy = rules.proxyFor('https', host, port);
    if (proxy === undefined || callback === undefined) {
      const socket = super.createConnection(trusting, callback);
      if (socket) limitConnecting(socket, 'secureConnect', connectMs);
      return socket;
    }
    const started = performance.now();
    const secure = (tunnel: Duplex): void => {
      const socket = super.createConnection({ ...trusting, socket: tunnel } as SocketOptions);
      if (!socket) throw new TypeError('https.Agent made no socket');
      limitConnecting(socket, 'secureConnect', Math.max(connectMs - (performance.now() - started), 1));
      callback(null, socket);
    };
    this.#openTunnel(proxy, authority(host, port))
      .then(secure)
      .catch(callback as Failed);
    return undefined;
  }

  /** @throws ProxyError */
  #openTunnel(proxy: URL, target: string): Promise<Duplex> {
    const { lookup, secureContext, connectMs } = this.#options;
    const where = `proxy ${proxy.host}`;
    const request = (proxy.protocol === 'https:' ? https : http).request({
      method: 'CONNECT',
      host: bareHost(proxy),
      port: portOf(proxy),
      path: target,
      headers: { host: target, ...proxyHeaders(proxy) },
      agent: false,
      lookup,
      ...(proxy.protocol === 'https:' && { secureContext: secureContext() }),
    } as https.RequestOptions);
    const stopTimer = startFairTimer(connectMs, () => {
      request.destroy(new ProxyError(`opened no connection to ${target} within ${connectMs} ms`, 'ETIMEDOUT'));
    });
    return new Promise((resolve, reject) => {
      request.once('connect', ({ statusCode = 0 }, socket) => {
        stopTimer();
        if (statusCode >= 200 && statusCode < 300) {
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(refusal(where, target, statusCode));
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        stopTimer();
        const code = error.code ?? 'ECONNRESET';
        reject(new ProxyError(`${where}: ${error.message === '' ? code : error.message}`, code, { cause: error }));
      });
      request.end();
    });
  }
}

function refusal(where: string, target: string, status: number): ProxyError {
  const remedy =
    status === 407 ? '; HTTPS_PROXY needs the right user and password' : '; allow it there, or add it to NO_PROXY';
  const again = status >= 500;
  return new ProxyError(
    `${where} refused a connection to ${target} with status ${status}${again ? '' : remedy}`,
    again ? 'ECONNREFUSED' : 'ERR_PROXY_REFUSED',
  );
}

/** What the proxy wants to know of us. */
export function proxyHeaders(proxy: URL): Readonly<Record<string, string>> {
  if (proxy.username === '' && proxy.password === '') return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The host without the brackets of an IPv6 address. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function limitConnecting(socket: Duplex, done: 'connect' | 'secureConnect', ms: number): void {
  const stop = startFairTimer(ms, () => {
    const error = new Error('no connection in time');
    socket.destroy(Object.assign(error, { name: 'TimeoutError', code: 'ETIMEDOUT' }));
  });
  socket.once(done, stop);
  socket.once('close', stop);
}
