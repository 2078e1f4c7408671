/** The life of the provider's socket: put in place, looked after every second, taken away when it is still ours. */
import net from 'node:net';
import { socketWatchMs } from '../budgets.js';
import { describeError } from '../errors.js';
import type { Logger } from '../log.js';
import { bindSocket, fileAt, sameFile, type BoundSocket, type FileId } from './bound-socket.js';

export interface SocketOptions {
  readonly path: string;
  readonly onConnection: (connection: net.Socket) => void;
  readonly log: Logger;
  /** For tests; `budgets.socketWatchMs` otherwise. */
  readonly watchMs?: number | undefined;
}

/** Whether the path leads to us; `sinceMs` is when that was first seen to fail, on the clock of `performance.now()`. */
export type SocketState =
  | { readonly kind: 'serving' }
  | { readonly kind: 'displaced' }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly failure: string };

export interface ServedSocket {
  /** As the last look, at most a second ago, found it. */
  readonly state: () => SocketState;
  /** Removes the file when it is still ours, stops listening and watching; connections stay as they are. */
  readonly close: () => void;
}

/** Who is at a path. */
export type Occupant =
  { readonly kind: 'ours' | 'nobody' | 'dead' } | { readonly kind: 'stranger'; readonly id: FileId };

/**
 * Serves the path until `close`. Two providers side by side are how people migrate, and the other one may remove the
 * path at its exit whoever owns it: so when nobody answers there any more, we do again.
 * @throws ProviderError `start_failed`, with nothing left behind
 */
export async function serveSocket(options: SocketOptions): Promise<ServedSocket> {
  const before = await occupantOf(options.path, undefined);
  if (before.kind === 'stranger') options.log.warn('took the socket over from a running provider', where(options));
  if (before.kind === 'dead') options.log.info('replaced the socket of a process that is gone', where(options));
  const keeper = new SocketKeeper(options, await bindSocket(options.path, options.onConnection));
  keeper.watch();
  return {
    state: () => keeper.state(),
    close: () => {
      keeper.close();
    },
  };
}

class SocketKeeper {
  readonly #options: SocketOptions;
  #bound: BoundSocket;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The stranger that is there and was logged. */
  #stranger: FileId | undefined;
  /** The failure that lasts and was logged. */
  #lost: { readonly sinceMs: number; readonly failure: string } | undefined;

  constructor(options: SocketOptions, bound: BoundSocket) {
    this.#options = options;
    this.#bound = bound;
  }

  state(): SocketState {
    if (this.#lost !== undefined) return { kind: 'lost', ...this.#lost };
    return { kind: this.#stranger === undefined ? 'serving' : 'displaced' };
  }

  watch(): void {
    this.#timer = setTimeout(() => {
      void this.#look().then(() => {
        if (!this.#closed) this.watch();
      });
    }, this.#options.watchMs ?? socketWatchMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#bound.close();
  }

  async #look(): Promise<void> {
    try {
      const occupant = await occupantOf(this.#options.path, this.#bound.id);
      if (this.#closed) return;
      if (occupant.kind === 'stranger') this.#reportStranger(occupant.id);
      else if (occupant.kind === 'ours') this.#stranger = undefined;
      else await this.#bindAgain(occupant.kind);
      this.#lost = undefined;
    } catch (error) {
      this.#reportFailure(describeError(error));
    }
  }

  async #bindAgain(reason: string): Promise<void> {
    const fresh = await bindSocket(this.#options.path, this.#options.onConnection);
    const former = this.#bound;
    this.#bound = fresh;
    this.#stranger = undefined;
    former.close();
    if (this.#closed) fresh.close();
    else this.#options.log.warn('the socket was gone; listening again', { ...where(this.#options), found: reason });
  }

  #reportStranger(id: FileId): void {
    if (sameFile(id, this.#stranger)) return;
    this.#stranger = id;
    const text = 'another provider serves the socket; the driver reaches that one until it ends';
    this.#options.log.warn(text, where(this.#options));
  }

  #reportFailure(failure: string): void {
    if (failure === this.#lost?.failure) return;
    this.#lost = { sinceMs: this.#lost?.sinceMs ?? performance.now(), failure };
    this.#options.log.error('the socket is gone and cannot be bound again; still trying', { error: failure });
  }
}

function where(options: SocketOptions): { readonly socket: string } {
  return { socket: options.path };
}

/** Who is at `socketPath`; `ours` is the file that we put there, if any. */
export async function occupantOf(socketPath: string, ours: FileId | undefined): Promise<Occupant> {
  const file = fileAt(socketPath);
  if (file === undefined) return { kind: 'nobody' };
  if (sameFile(file, ours)) return { kind: 'ours' };
  const refusal = await knock(socketPath);
  if (refusal === 'ECONNREFUSED') return { kind: 'dead' };
  if (refusal === 'ENOENT') return { kind: 'nobody' };
  // Anything else, a full queue for example, has somebody behind it.
  return { kind: 'stranger', id: file };
}

/** Connects and hangs up; the error code when nobody took the call. */
function knock(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const connection = net.connect(socketPath);
    connection.once('connect', () => {
      connection.destroy();
      resolve(undefined);
    });
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? 'unknown');
    });
  });
}
