/** Slows the calls to an API of AWS to what it takes, once it has throttled an account in a region. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultRateLimiter } from '@smithy/core/retry';
import * as budgets from './budgets.js';
import { FairQueue, type Job } from './fair-queue.js';
import type { Logger } from './log.js';

/** What AWS counts together. */
export interface PacedApi {
  /** As IAM names it, such as `ssm:GetParameters`: quotas are by action. */
  readonly action: string;
  /** The account of the caller, or where that is unknown, another name for the caller. */
  readonly account: string;
  readonly region: string;
}

/** The paces of all APIs that this process calls; the least recently used are forgotten. */
export class Paces {
  readonly #log: Logger;
  readonly #paces = new Map<string, Pace>();

  constructor(log: Logger) {
    this.#log = log;
  }

  of(api: PacedApi): Pace {
    const key = JSON.stringify([api.action, api.account, api.region]);
    const pace = this.#paces.get(key) ?? new Pace(api, this.#log);
    this.#paces.delete(key);
    this.#paces.set(key, pace);
    const [oldest] = this.#paces.keys();
    if (this.#paces.size > budgets.rememberedPaces && oldest !== undefined) this.#paces.delete(oldest);
    return pace;
  }
}

/**
 * The rate comes from the SDK's limiter of its adaptive retry mode: none until AWS throttles, then a part of what got
 * through, and from there on it feels its way up. Here it is shared by all clients of an account, namespaces take their
 * turns in it, and a minute without throttling ends it.
 */
export class Pace {
  readonly api: PacedApi;
  readonly #log: Logger;
  readonly #queue = new FairQueue();
  #limiter = new DefaultRateLimiter();
  #measuredSince = performance.now();
  #heardAt = -Infinity;
  /** Throttled answers since the last other one; those of calls that went out before one of them came say nothing more. */
  #inARow = 0;
  #countedAt = -Infinity;
  #throttledAt = -Infinity;
  #noticedAt = -Infinity;
  /** What somebody got who was gone by then. */
  #spare = 0;
  #serving = false;

  constructor(api: PacedApi, log: Logger) {
    this.api = api;
    this.#log = log;
  }

  /**
   * Ends when a call may go out: at once, but while AWS throttles.
   * @param owner the namespace of the pod
   * @param waiting called when the caller has to wait; what it returns, when that is over
   * @param mount stands for what the call is for: when it has begun, its calls go before those of others
   * @throws `signal.reason` when the signal fires first
   */
  async take(owner: string, signal: AbortSignal, waiting: () => () => void, mount?: Job): Promise<void> {
    signal.throwIfAborted();
    if (!this.isSlow()) return;
    const stopWaiting = waiting();
    const unused = () => {
      this.#spare += 1;
    };
    const turn = this.#queue.wait(owner, signal, unused, mount);
    this.#notice();
    void this.#serve();
    try {
      await turn;
    } finally {
      stopWaiting();
    }
  }

  /** Whether calls have to wait, as AWS throttled not long ago. */
  isSlow(): boolean {
    if (this.#throttledAt === -Infinity) return false;
    if (this.#queue.size > 0 || performance.now() - this.#throttledAt < budgets.pacedAfterThrottlingMs) return true;
    // The limiter itself knows no end, and would hold back a burst an hour later.
    this.#throttledAt = -Infinity;
    this.#measureAnew();
    return false;
  }

  #measureAnew(): void {
    this.#limiter = new DefaultRateLimiter();
    this.#measuredSince = performance.now();
    this.#inARow = 0;
  }

  /** After a silence the limiter would take the few calls before a burst for all that AWS bears. */
  #hear(now: number): void {
    if (this.#throttledAt === -Infinity && now - this.#heardAt > budgets.paceSilenceMs) this.#measureAnew();
    this.#heardAt = now;
  }

  /** AWS answered something else than that it is asked too much. */
  answered(): void {
    this.#hear(performance.now());
    this.#inARow = 0;
    this.#limiter.updateClientSendingRate({});
  }

  /**
   * @param error what the SDK threw
   * @param sentAt when the call went out, by `performance.now()`
   */
  throttled(error: unknown, sentAt: number): void {
    const now = performance.now();
    this.#hear(now);
    // Those that were out together are one sign: the rate would fall once for each of them, to next to nothing.
    const isNews = sentAt > this.#countedAt;
    if (isNews) {
      this.#inARow += 1;
      this.#countedAt = now;
    }
    // What got through until then is the rate to begin with, so these do not count.
    if (now - this.#measuredSince < budgets.paceMeasureMs) return;
    // The first sign of all makes the limiter begin.
    const isFirst = this.#throttledAt === -Infinity;
    this.#throttledAt = now;
    if (isNews || isFirst) this.#limiter.updateClientSendingRate({ errorType: 'THROTTLING', error });
  }

  async #serve(): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    try {
      while (this.#queue.size > 0) {
        if (this.#spare > 0) this.#spare -= 1;
        else await this.#turn();
        if (!this.#queue.serve()) this.#spare += 1;
      }
      this.#spare = Math.min(this.#spare, 1);
    } finally {
      this.#serving = false;
    }
  }

  /** The limiter goes no lower than a call in two seconds: of a thousand nodes that would be a storm yet. */
  async #turn(): Promise<void> {
    await this.#limiter.getSendToken();
    if (this.#inARow > 1) await sleep(throttlingPause(this.#inARow - 1));
  }

  #notice(): void {
    const now = performance.now();
    if (now - this.#noticedAt < budgets.waitingNoticeMs) return;
    this.#noticedAt = now;
    this.#log.warn('AWS throttles an account: mounts wait for their turn', { ...this.api, waiting: this.#queue.size });
  }
}

/**
 * Anything up to a growing time in milliseconds: what was throttled together does not come back together.
 * @param inARow how often that was so, from 0
 */
export function throttlingPause(inARow: number): number {
  return Math.random() * Math.min(budgets.throttlingPauseMs * 2 ** inARow, budgets.longestThrottlingPauseMs);
}
