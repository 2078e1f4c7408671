/** Those who wait for something that comes one at a time: owners are served in turn, and a job that has begun goes on. */
import * as budgets from './budgets.js';
import { Waiter } from './waiter.js';

/** What some of those who wait are for, told from others by its identity. */
export interface Job {
  /** It goes before all, at the moment: others wait for it. */
  readonly isUrgent?: boolean;
}

interface Queued {
  readonly owner: string;
  readonly waiter: Waiter;
  readonly job: Job | undefined;
}

interface Begun {
  /** Jobs that had begun before. */
  readonly before: number;
  turnsLeft: number;
}

export class FairQueue {
  /** By owner, the one that began a job longest ago first; none is empty. */
  readonly #waiters = new Map<string, Set<Queued>>();
  readonly #jobs = new WeakMap<Job, Begun>();
  #begun = 0;
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Waits for `serve` to come to this caller.
   * @param unused told when the caller has left with what `serve` gave it: it is another's
   * @param job what this is for, of the same owner: once it is served, all that wait for it or come back for it go first,
   * for some turns. Without it the caller alone is a job
   * @throws `signal.reason` when the signal fires first
   */
  async wait(owner: string, signal: AbortSignal, unused: () => void, job?: Job): Promise<void> {
    const queued: Queued = { owner, waiter: new Waiter(), job };
    const waiters = this.#waiters.get(owner) ?? new Set<Queued>();
    this.#waiters.set(owner, waiters.add(queued));
    this.#size += 1;
    await queued.waiter.wait(signal, (isServed) => {
      if (isServed) unused();
      else this.#leave(queued);
    });
  }

  /** Lets one go on. @returns false: nobody waits */
  serve(): boolean {
    const next = this.#urgent() ?? this.#nextOfBegun() ?? this.#nextToBegin();
    if (!next) return false;
    this.#leave(next);
    next.waiter.serve();
    return true;
  }

  #urgent(): Queued | undefined {
    for (const waiters of this.#waiters.values())
      for (const queued of waiters) if (queued.job?.isUrgent === true) return queued;
    return undefined;
  }

  /** Of the jobs that have turns left, the one that began first. */
  #nextOfBegun(): Queued | undefined {
    let next: Queued | undefined;
    let first: Begun | undefined;
    for (const waiters of this.#waiters.values()) {
      for (const queued of waiters) {
        const job = queued.job && this.#jobs.get(queued.job);
        if (!job || job.turnsLeft === 0 || (first && first.before <= job.before)) continue;
        first = job;
        next = queued;
      }
    }
    if (first) first.turnsLeft -= 1;
    return next;
  }

  #nextToBegin(): Queued | undefined {
    const [turn] = this.#waiters;
    if (!turn) return undefined;
    const [owner, waiters] = turn;
    const [next] = waiters;
    if (!next) throw new TypeError('an owner without waiters');
    // To the end of the map: the others come first now.
    this.#waiters.delete(owner);
    this.#waiters.set(owner, waiters);
    if (next.job) this.#jobs.set(next.job, { before: this.#begun, turnsLeft: budgets.turnsInARow - 1 });
    this.#begun += 1;
    return next;
  }

  #leave(queued: Queued): void {
    const waiters = this.#waiters.get(queued.owner);
    if (waiters?.delete(queued) !== true) return;
    this.#size -= 1;
    if (waiters.size === 0) this.#waiters.delete(queued.owner);
  }
}
