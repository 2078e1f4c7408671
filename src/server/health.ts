/** The endpoints for kubelet's probes, answered from memory: neither AWS nor the Kubernetes API is asked. */
import http from 'node:http';
import type net from 'node:net';
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import type { ServerCondition } from './server.js';

export interface HealthOptions {
  /** On all addresses; 0 takes any free port. */
  readonly port: number;
  readonly condition: () => ServerCondition;
  /** For tests; `performance.now()` otherwise. */
  readonly nowMs?: () => number;
}

export interface HealthListener {
  readonly port: number;
  /** Stops listening and ends every connection. */
  readonly close: () => void;
}

interface Verdict {
  readonly healthy: boolean;
  readonly text: string;
}

const verdicts: ReadonlyMap<string, (condition: ServerCondition, nowMs: number) => Verdict> = new Map([
  ['/readyz', readiness],
  ['/healthz', liveness],
]);

/**
 * Listens for `GET /readyz` and `GET /healthz`: 200 `ok`, or 503 with the reason.
 * @throws ProviderError `start_failed`
 */
export async function startHealthListener(options: HealthOptions): Promise<HealthListener> {
  const limits = { headersTimeout: budgets.healthRequestMs, requestTimeout: budgets.healthRequestMs };
  const server = http.createServer({ ...limits, maxHeaderSize: 4096, keepAlive: false }, (request, response) => {
    answer(request, response, options);
  });
  const connections = boundConnections(server);
  await listen(server, options.port);
  const address = server.address() as net.AddressInfo;
  return {
    port: address.port,
    close: () => {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

function answer(request: http.IncomingMessage, response: http.ServerResponse, options: HealthOptions): void {
  // Whatever else the request carries is not read.
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  const judge = verdicts.get(request.url?.split('?', 1)[0] ?? '');
  if (judge === undefined) {
    response.writeHead(404).end('not found\n');
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end('only GET\n');
  } else {
    const { healthy, text } = judge(options.condition(), (options.nowMs ?? (() => performance.now()))());
    response.writeHead(healthy ? 200 : 503).end(`${text}\n`);
  }
}

/** Whether a mount that the driver sends now reaches this process. */
function readiness(condition: ServerCondition): Verdict {
  switch (condition.kind) {
    case 'serving':
      return { healthy: true, text: 'ok' };
    case 'displaced':
      return { healthy: false, text: 'another provider serves the socket' };
    case 'lost':
      return { healthy: false, text: 'the socket is gone and cannot be bound again' };
    case 'starting':
    case 'stopping':
      return { healthy: false, text: condition.kind };
  }
}

/**
 * Whether a new container would help. A restart ends the mounts under way, so only a socket directory that went away
 * for good counts: the new container gets it mounted anew. A process that hangs gives no answer at all.
 */
function liveness(condition: ServerCondition, nowMs: number): Verdict {
  const lost = condition.kind === 'lost' && nowMs - condition.sinceMs >= budgets.socketLostMs;
  return lost ? readiness(condition) : { healthy: true, text: 'ok' };
}

/** Any pod may connect: so whoever holds connections loses the oldest of them, and the kubelet gets its answer. */
function boundConnections(server: http.Server): ReadonlySet<net.Socket> {
  const connections = new Set<net.Socket>();
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    const [oldest] = connections;
    if (connections.size > budgets.healthConnections) oldest?.destroy();
  });
  return connections;
}

function listen(server: http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const fault = error.code === 'EADDRINUSE' ? 'another process has it' : String(error.code);
      const message = `cannot listen on port ${port}: ${fault}; give another --http-port`;
      reject(new ProviderError('start_failed', message, { cause: error }));
    });
    server.listen(port, () => {
      server.removeAllListeners('error');
      // A failed `accept` (too many open files, say) is this connection's misfortune alone.
      server.on('error', () => undefined);
      resolve();
    });
  });
}
