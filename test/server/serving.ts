/** What the tests of the server share: a directory for sockets, a server around a fake mount, a log that is kept. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { CSIDriverProviderClient } from '../../src/generated/v1alpha1/CSIDriverProvider.js';
import type { MountRequest } from '../../src/generated/v1alpha1/MountRequest.js';
import type { MountResponse__Output } from '../../src/generated/v1alpha1/MountResponse.js';
import { createLogger, type Logger } from '../../src/log.js';
import type { Mount } from '../../src/mount/ports.js';
import type { MountReply } from '../../src/mount/types.js';
import { startServer, type ProviderServer, type ServerOptions } from '../../src/server/server.js';
import { loadProtocol } from '../support/protocol.js';

export const emptyReply: MountReply = { versions: [{ id: 'f', version: 'v1' }] };

export interface KeptLog {
  readonly log: Logger;
  readonly lines: () => readonly Record<string, unknown>[];
  readonly text: () => string;
}

export function keptLog(): KeptLog {
  const lines: string[] = [];
  return {
    log: createLogger({ level: 'debug', format: 'json', write: (line) => lines.push(line) }),
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => lines.join(''),
  };
}

/** Things to undo after a test, the last first. */
export class Cleanup {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }

  directory(): string {
    const directory = mkdtempSync(path.join(tmpdir(), 'srv-'));
    this.add(() => {
      rmSync(directory, { recursive: true, force: true });
    });
    return directory;
  }

  async server(mount: Mount, options: Partial<ServerOptions> = {}) {
    const server = await startServer({
      directory: options.directory ?? this.directory(),
      mount,
      runtime: { name: 'test-provider', version: '1.2.3' },
      log: options.log ?? keptLog().log,
      drainMs: options.drainMs,
      watchMs: options.watchMs,
    });
    this.add(() => server.stop());
    return server;
  }

  client(server: Pick<ProviderServer, 'socketPath'>): CSIDriverProviderClient {
    const Client = loadProtocol();
    const client = new Client(`unix:${server.socketPath}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
    this.add(() => {
      client.close();
    });
    return client;
  }
}

/** Calls `Mount` as the driver does. @throws grpc.ServiceError */
export function callMount(
  client: CSIDriverProviderClient,
  request: MountRequest = {},
  options: { deadlineMs?: number; cancel?: AbortSignal } = {},
): Promise<MountResponse__Output | undefined> {
  const metadata = new grpc.Metadata({ waitForReady: true });
  return new Promise((resolve, reject) => {
    const deadline = options.deadlineMs === undefined ? Infinity : Date.now() + options.deadlineMs;
    const call = client.Mount(request, metadata, { deadline }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
    options.cancel?.addEventListener('abort', () => {
      call.cancel();
    });
  });
}

/** Whether somebody accepts connections at the path. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socketPath);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => {
      resolve(false);
    });
  });
}

/** Waits until `check` holds. @throws Error after 5 seconds */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const started = Date.now();
  while (!(await check())) {
    if (Date.now() - started > 5000) throw new Error('it did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
