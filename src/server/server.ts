/** The gRPC server on the provider's socket, from its first connection to the end of its last mount. */
import type net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import { BusySet } from './busy-set.js';
import { finalStatusInterceptor } from './final-status.js';
import { createHandlers, type HandlerOptions } from './handlers.js';
import { mountMethod, versionMethod } from './service.js';
import { serveSocket, type SocketState } from './socket.js';

export interface ServerOptions extends HandlerOptions {
  /** Holds the socket; made when missing. */
  readonly directory: string;
  /** For tests; `budgets.drainMs` otherwise. */
  readonly drainMs?: number | undefined;
  /** For tests; `budgets.socketWatchMs` otherwise. */
  readonly watchMs?: number | undefined;
}

export interface ProviderServer {
  readonly socketPath: string;
  readonly condition: () => ServerCondition;
  /**
   * Refuses new calls at once, so that clients go back to the path; mounts under way may finish within `drainMs`, and
   * what is left then is answered INTERNAL. Resolves when all is over; a second call waits for the first.
   */
  readonly stop: () => Promise<void>;
}

/** What a probe wants to know. */
export type ServerCondition = SocketState | { readonly kind: 'starting' | 'stopping' };

/** Largest message of a caller, in bytes: gRPC's own default, and twice what Kubernetes stores of a class and a pod. */
const requestBytes = 4 * 1024 * 1024;

/**
 * Starts serving.
 * @throws ProviderError `start_failed`, with no socket left behind
 */
export async function startServer(options: ServerOptions): Promise<ProviderServer> {
  const handlers = createHandlers(options);
  const server = createGrpcServer(handlers);
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const connections = new BusySet<net.Socket>();
  const socketPath = path.join(options.directory, 'aws.sock');
  const socket = await serveSocket({
    path: socketPath,
    // The listener is ours and not grpc-js's: it comes and goes without the connections that it brought.
    onConnection: (connection) => {
      connections.add(connection);
      connection.once('close', () => {
        connections.delete(connection);
      });
      injector.injectConnection(connection);
    },
    log: options.log,
    watchMs: options.watchMs,
  });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    socket.close();
    // Sends GOAWAY. Its callback comes too early on Node 24, before the last answers have left: so wait for the
    // connections, which end with their last call.
    server.tryShutdown(() => undefined);
    const over = Promise.all([connections.empty(), handlers.idle()]);
    await within(over, options.drainMs ?? budgets.drainMs);
    // A forced shutdown would answer the mounts that are left with CANCELLED, which kubelet does not take as final.
    handlers.stop(new ProviderError('stopping', 'the provider is stopping; kubelet will try the mount again'));
    await within(over, budgets.answerGraceMs + budgets.flushMs);
    server.forceShutdown();
  };
  return {
    socketPath,
    condition: () => (stopped === undefined ? socket.state() : { kind: 'stopping' }),
    stop: () => (stopped ??= stop()),
  };
}

function createGrpcServer(handlers: ReturnType<typeof createHandlers>): grpc.Server {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': requestBytes,
    // The limit of an answer is --max-reply-bytes, and refusing it is the mount's business.
    'grpc.max_send_message_length': -1,
    interceptors: [finalStatusInterceptor(mountMethod.path)],
  });
  server.register(versionMethod.path, handlers.version, versionMethod.write, versionMethod.read, 'unary');
  server.register(mountMethod.path, handlers.mount, mountMethod.write, mountMethod.read, 'unary');
  return server;
}

/** Waits for `work`, but no longer than `limitMs`. */
async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  const alarm = new AbortController();
  const timeUp = delay(limitMs, undefined, { signal: alarm.signal }).catch(() => undefined);
  await Promise.race([work, timeUp]);
  alarm.abort();
}
