/** The client-side limit of requests to the Kubernetes API: it delays, and never fails a mount by itself. */
import { FairQueue } from '../fair-queue.js';

/** What client-go takes when the setting is 0. */
const defaultQps = 5;
const defaultBurst = 10;

/**
 * A token bucket with client-go's meaning of `qps` and `burst`. Owners are served in turn, and each one's waiters in the
 * order of their arrival: the roll-out of one namespace does not hold up another's pod.
 */
export class RateLimiter {
  readonly #qps: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = performance.now();
  readonly #queue = new FairQueue();
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
   * @param waiting called when the caller has to wait; what it returns, when that is over
   * @throws `signal.reason` when the signal fires first
   */
  async take(owner: string, signal: AbortSignal, waiting: () => () => void = () => () => undefined): Promise<void> {
    signal.throwIfAborted();
    if (this.#qps < 0) return;
    this.#fill();
    if (this.#queue.size === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return;
    }
    const stopWaiting = waiting();
    const turn = this.#queue.wait(owner, signal, () => {
      this.#tokens += 1;
    });
    this.#schedule();
    try {
      await turn;
    } finally {
      stopWaiting();
      if (signal.aborted) this.#schedule();
    }
  }

  #fill(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#qps);
    this.#filledAt = now;
  }

  #serve(): void {
    this.#fill();
    while (this.#tokens >= 1 && this.#queue.serve()) this.#tokens -= 1;
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.size === 0) return;
    const delayMs = Math.max(0, ((1 - this.#tokens) / this.#qps) * 1000 - (performance.now() - this.#filledAt));
    this.#timer = setTimeout(() => {
      this.#serve();
    }, Math.ceil(delayMs));
  }
}
