/** Bounds how many mounts are at work at once: the rest waits, each namespace's in order, and none takes more than half. */
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import type { Logger } from '../log.js';
import { Waiter } from '../waiter.js';
import type { MountContext } from './ports.js';

export interface WorkPlacesOptions {
  /** Mounts at work at once, at least 1. */
  readonly places: number;
  readonly log: Logger;
  /** For tests; `budgets.waitingMounts` otherwise. */
  readonly waitingLimit?: number;
}

/** A mount's place while it works. */
export interface WorkPlace {
  /**
   * Waits for the outside without a place: whatever AWS, a name server, the agent or the API server take their time
   * for, the place is another mount's meanwhile. Who comes back goes before those who have not begun: it may hold
   * values, and they leave the memory when it is done.
   * @param undo what to do with the result when the mount is stopped before it has its place back
   * @throws what `wait` throws, or the reason of the mount's signal
   */
  outside<T>(wait: () => Promise<T>, undo?: (result: T) => void): Promise<T>;
}

/** A mount that waits for a place. */
interface WaitingMount {
  readonly owner: string;
  readonly turn: Waiter;
}

type Queue = 'returning' | 'fresh';

/** How much a new measurement counts in the mean time that a mount is at work. */
const weight = 0.1;

export class WorkPlaces {
  readonly #places: number;
  readonly #share: number;
  readonly #waitingLimit: number;
  readonly #log: Logger;
  #free: number;
  readonly #held = new Map<string, number>();
  /** Of namespaces, while any mount waits: which serving was the last. */
  readonly #lastServed = new Map<string, number>();
  #servings = 0;
  readonly #queues = { returning: new Set<WaitingMount>(), fresh: new Set<WaitingMount>() };
  /** Mean time in milliseconds that a mount holds a place, all its stays together. */
  #meanMs = 0;
  #noticedAt = -Infinity;

  constructor(options: WorkPlacesOptions) {
    this.#places = options.places;
    this.#free = options.places;
    this.#share = Math.max(1, Math.floor(options.places / 2));
    this.#waitingLimit = options.waitingLimit ?? budgets.waitingMounts;
    this.#log = options.log;
  }

  /**
   * Waits for a place and runs the work of a mount on it.
   * @param owner the pod's namespace
   * @throws ProviderError `overloaded` at once when the mount could not begin in its time, or too many wait; what `work` throws; or the
   * reason of the context's signal
   */
  async run<T>(owner: string, context: MountContext, work: (place: WorkPlace) => T | Promise<T>): Promise<T> {
    this.#refuseHopeless(owner, context);
    const stay = new Stay(
      (queue) => this.#take(owner, context, queue),
      () => {
        this.#release(owner);
      },
    );
    await stay.begin();
    try {
      return await work(stay);
    } finally {
      stay.end();
      this.#meanMs += weight * (stay.workedMs - this.#meanMs);
    }
  }

  #refuseHopeless(owner: string, context: MountContext): void {
    const waiting = this.#queues.fresh.size;
    let ahead = 0;
    for (const mount of this.#queues.fresh) if (mount.owner === owner) ahead += 1;
    // The mounts of other namespaces hold up nothing but the places that are not this one's to have.
    const expectedMs = (ahead * this.#meanMs) / this.#share;
    const leftMs = context.timeLeftMs();
    // However many another namespace lets wait, some of this one's may.
    const isRoom = waiting < this.#waitingLimit || ahead < budgets.ownWaitingMounts;
    if (isRoom && expectedMs <= leftMs) return;
    const why = isRoom
      ? `this one would not be done in the ${String(Math.round(leftMs / 1000))} s that it has`
      : 'no more of this namespace may wait';
    throw new ProviderError(
      'overloaded',
      `this node's provider has ${String(waiting)} mounts waiting, and ${why}; kubelet will try again`,
    );
  }

  async #take(owner: string, context: MountContext, queue: Queue): Promise<void> {
    const { signal } = context;
    signal.throwIfAborted();
    const mount: WaitingMount = { owner, turn: new Waiter() };
    this.#queues[queue].add(mount);
    this.#serve();
    if (mount.turn.isServed) return;
    this.#notice();
    const stopWaiting = context.startWait('turn');
    try {
      await mount.turn.wait(signal, (isServed) => {
        if (isServed) this.#release(owner);
        else this.#queues[queue].delete(mount);
      });
    } finally {
      stopWaiting();
    }
  }

  /** Mounts that wait, for tests. */
  get queueSizes(): Readonly<Record<Queue, number>> {
    return { returning: this.#queues.returning.size, fresh: this.#queues.fresh.size };
  }

  #release(owner: string): void {
    const held = (this.#held.get(owner) ?? 0) - 1;
    if (held > 0) this.#held.set(owner, held);
    else this.#held.delete(owner);
    this.#free += 1;
    // Not at once: what the kernel has for us meanwhile, the request of another namespace for one, comes first.
    setImmediate(() => {
      this.#serve();
    });
  }

  #serve(): void {
    for (const queue of [this.#queues.returning, this.#queues.fresh]) {
      while (this.#free > 0) {
        const mount = this.#next(queue);
        if (!mount) break;
        this.#held.set(mount.owner, (this.#held.get(mount.owner) ?? 0) + 1);
        this.#free -= 1;
        this.#servings += 1;
        this.#lastServed.set(mount.owner, this.#servings);
        queue.delete(mount);
        mount.turn.serve();
      }
    }
    if (this.#queues.returning.size + this.#queues.fresh.size === 0) this.#lastServed.clear();
  }

  /** The first mount of the namespace that was served longest ago: the queues of others, however long, hold up none. */
  #next(queue: ReadonlySet<WaitingMount>): WaitingMount | undefined {
    let next: WaitingMount | undefined;
    let longestAgo = Infinity;
    for (const mount of queue) {
      const served = this.#lastServed.get(mount.owner) ?? 0;
      if (served >= longestAgo || (this.#held.get(mount.owner) ?? 0) >= this.#share) continue;
      if (served === 0) return mount;
      next = mount;
      longestAgo = served;
    }
    return next;
  }

  #notice(): void {
    const now = performance.now();
    if (now - this.#noticedAt < budgets.waitingNoticeMs) return;
    this.#noticedAt = now;
    const waiting = this.#queues.fresh.size + this.#queues.returning.size;
    this.#log.info('mounts wait for their turn', { waiting, atWork: this.#places - this.#free, places: this.#places });
  }
}

/** One mount's comings and goings. */
class Stay implements WorkPlace {
  readonly #take: (queue: Queue) => Promise<void>;
  readonly #release: () => void;
  #here = false;
  #since = 0;
  workedMs = 0;

  constructor(take: (queue: Queue) => Promise<void>, release: () => void) {
    this.#take = take;
    this.#release = release;
  }

  begin(): Promise<void> {
    return this.#enter('fresh');
  }

  async outside<T>(wait: () => Promise<T>, undo?: (result: T) => void): Promise<T> {
    this.end();
    const result = await wait();
    try {
      await this.#enter('returning');
    } catch (error) {
      undo?.(result);
      throw error;
    }
    return result;
  }

  end(): void {
    if (!this.#here) return;
    this.#here = false;
    this.workedMs += performance.now() - this.#since;
    this.#release();
  }

  async #enter(queue: Queue): Promise<void> {
    await this.#take(queue);
    this.#since = performance.now();
    this.#here = true;
  }
}
