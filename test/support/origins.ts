/** Local HTTP and HTTPS servers and a CONNECT proxy that count what reaches them. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import type { AwsRequestHandler } from '../../src/network/transport.js';

export interface Origin {
  readonly port: number;
  /** Connections opened so far. */
  connections: number;
  /** Connections that resumed a TLS session. */
  resumed: number;
  readonly requests: http.IncomingMessage[];
  close(): Promise<void>;
}

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void;
type Tls = { readonly key: string; readonly cert: string } | undefined;

export async function startOrigin(listener: Listener, tls?: Tls): Promise<Origin> {
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  return serve(server, tls !== undefined, listener);
}

export interface Proxy extends Origin {
  /** `host:port` of each tunnel asked for. */
  readonly tunnels: string[];
}

/** Leads every tunnel to `target`, or refuses it with `status`; 0 never answers. */
export async function startProxy(options: {
  target: number;
  status?: number;
  tls?: Tls;
  user?: string;
}): Promise<Proxy> {
  const server = options.tls === undefined ? http.createServer() : https.createServer(options.tls);
  const tunnels: string[] = [];
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    tunnels.push(request.url ?? '');
    socket.on('error', () => undefined);
    if (options.status === 0) return;
    const known = options.user === undefined || request.headers['proxy-authorization'] === options.user;
    const status = known ? (options.status ?? 200) : 407;
    socket.write(
      `HTTP/1.1 ${status} Whatever\r\n${status === 200 ? '' : 'Content-Length: 4\r\n'}\r\n${status === 200 ? '' : 'body'}`,
    );
    if (status !== 200) return void socket.end();
    const upstream = net.connect(options.target, '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    upstream.pipe(socket);
    socket.pipe(upstream);
    socket.on('close', () => upstream.destroy());
  });
  const origin = await serve(server, options.tls !== undefined, (_request, response) => response.end('by proxy'));
  return Object.assign(origin, { tunnels });
}

async function serve(server: http.Server | https.Server, secure: boolean, listener: Listener): Promise<Origin> {
  const sockets = new Set<net.Socket>();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin: Origin = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    resumed: 0,
    requests: [],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    origin.connections += 1;
  });
  if (secure) {
    server.on('secureConnection', (socket: { isSessionReused(): boolean }) => {
      if (socket.isSessionReused()) origin.resumed += 1;
    });
  }
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    origin.requests.push(request);
    listener(request, response);
  });
  return origin;
}

/** Sends one POST and reads the whole answer. */
export async function send(
  handler: AwsRequestHandler,
  url: string,
  abortSignal?: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const { protocol, hostname, port, pathname, host } = new URL(url);
  const request = new HttpRequest({
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: pathname,
    method: 'POST',
    headers: { host, 'content-type': 'text/plain' },
    body: 'question',
  });
  const { response } = await handler.handle(request, abortSignal === undefined ? {} : { abortSignal });
  if (!HttpResponse.isInstance(response)) throw new TypeError('no response');
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return { status: response.statusCode, text: Buffer.concat(chunks).toString() };
}
