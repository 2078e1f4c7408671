/** The client-side limit of requests to the Kubernetes API: it delays, and never fails a mount by itself. */
import { raceWithSignal } from '../shared-calls.js';

/** What client-go takes when the setting is 0. */
const defaultQps = 5;
const defaultBurst = 10;

interface Waiter {
  granted: boolean;
  readonly grant: () => void;
}

/**
 * A token bucket with client-go's meaning of `qps` and `burst`. Owners are served in turn, and each one's waiters in the
 * order of their arrival: the roll-out of one namespace does not hold up another's pod.
 */
export class RateLimiter {
  readonly #qps: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = performance.now();
  /** By owner, the one that was served longest ago first; none is empty. */
  readonly #waiters = new Map<string, Set<Waiter>>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param options.qps requests a second; 0 means the default of 5, a negative number no limit
   * @param options.burst requests that may go out at once; 0 or less means the default of 10
   */
  constructor(options: { readonly qps: number; readonly burst: number }) {
    this.#qps = options.qps === 0 ? defaultQps : options.qps;
    this.#burst = options.burst <= 0 ? defaultBurst : options.burst;
    this.#tokens = this.#burst;
  }

  /**
   * Ends when one request may go out. A caller that leaves gives its place to those behind it.
   * @param owner the namespace of the pod
   * @throws `signal.reason` when the signal fires first
   */
  async take(owner: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#qps < 0) return;
    this.#fill();
    if (this.#waiters.size === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return;
    }
    await this.#queue(owner, signal);
  }

  async #queue(owner: string, signal: AbortSignal): Promise<void> {
    let grant = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      grant = resolve;
    });
    const waiter: Waiter = { granted: false, grant };
    const waiters = this.#waiters.get(owner) ?? new Set<Waiter>();
    this.#waiters.set(owner, waiters.add(waiter));
    this.#schedule();
    try {
      await raceWithSignal(turn, signal);
    } catch (error) {
      if (waiter.granted) this.#tokens += 1;
      this.#leave(owner, waiter);
      this.#schedule();
      throw error;
    }
  }

  #fill(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#qps);
    this.#filledAt = now;
  }

  #serve(): void {
    this.#fill();
    // An owner that was served goes to the end of the map, and so comes again in the same loop.
    for (const [owner, waiters] of this.#waiters) {
      if (this.#tokens < 1) break;
      const [waiter] = waiters;
      if (!waiter) throw new TypeError('an owner without waiters');
      this.#tokens -= 1;
      waiter.granted = true;
      this.#leave(owner, waiter);
      this.#waiters.delete(owner);
      if (waiters.size > 0) this.#waiters.set(owner, waiters);
      waiter.grant();
    }
    this.#schedule();
  }

  #leave(owner: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(owner);
    if (waiters?.delete(waiter) === true && waiters.size === 0) this.#waiters.delete(owner);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiters.size === 0) return;
    const delayMs = Math.max(0, ((1 - this.#tokens) / this.#qps) * 1000 - (performance.now() - this.#filledAt));
    this.#timer = setTimeout(() => {
      this.#serve();
    }, Math.ceil(delayMs));
  }
}
