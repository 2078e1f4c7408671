/** The listeners on loopback: their ports, the count of their connections, and their end. */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Door } from './exchange.js';

/** Answers one request that came in by a door. */
export type Serve = (message: IncomingMessage, response: ServerResponse, door: Door) => void;

/** AWS and the API server keep idle connections for longer than any test lasts. */
const keepAliveMs = 120_000;

/** Opens listeners, and closes all of them and their connections at once. */
export class Listeners {
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Duplex>();
  readonly #numbers = new WeakMap<Duplex, number>();
  readonly #serve: Serve;
  #count = 0;

  constructor(serve: Serve) {
    this.#serve = serve;
  }

  /** Connections taken so far by listeners that serve requests. */
  get count(): number {
    return this.#count;
  }

  numberOf(message: IncomingMessage): number {
    return this.#numbers.get(message.socket) ?? 0;
  }

  /** A listener on a port that the kernel chooses; gives `host:port`. */
  async open(door: Omit<Door, 'authority'>, options: { readonly host?: string; readonly tls?: ServerOptions } = {}) {
    let authority = '';
    const listener: RequestListener = (message, response) => {
      this.#serve(message, response, { ...door, authority });
    };
    const server = this.#adopt(options.tls ? createTlsServer(options.tls, listener) : createServer(listener));
    authority = await listen(server, options.host ?? '127.0.0.1');
    return authority;
  }

  /** A TLS server without a port of its own: the proxy hands it its connections. */
  detached(door: Door, tls: ServerOptions): Server {
    return this.#adopt(
      createTlsServer(tls, (message, response) => {
        this.#serve(message, response, door);
      }),
    );
  }

  /** A listener that serves no requests of a face, such as the proxy; its connections are not counted. */
  async openUncounted(server: Server): Promise<string> {
    this.#servers.add(server);
    server.on('connection', (socket: Socket) => {
      this.track(socket);
    });
    return listen(server, '127.0.0.1');
  }

  /** Has a connection closed at the end. */
  track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A client that goes away in the middle is nothing to report.
    socket.on('error', () => socket.destroy());
  }

  async close(): Promise<void> {
    const closed = [...this.#servers].map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #adopt(server: Server): Server {
    server.keepAliveTimeout = keepAliveMs;
    this.#servers.add(server);
    const isTls = server.listenerCount('secureConnection') > 0;
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#numbers.set(socket, ++this.#count);
      this.track(socket);
    });
    // The raw connection below TLS may never become a secure one.
    if (isTls) {
      server.on('connection', (socket: Socket) => {
        this.track(socket);
      });
    }
    return server;
  }
}

function listen(server: Server, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      resolve(`${host.includes(':') ? `[${host}]` : host}:${port}`);
    });
  });
}
