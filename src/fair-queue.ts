/** Those who wait for something that comes one at a time: owners are served in turn, each one's waiters by age. */
import { Waiter } from './waiter.js';

interface Queued {
  readonly since: number;
  readonly waiter: Waiter;
}

export class FairQueue {
  /** By owner, the one that was served longest ago first; none is empty. */
  readonly #waiters = new Map<string, Queued[]>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Waits for `serve` to come to this caller.
   * @param unused told when the caller has left with what `serve` gave it: it is another's
   * @param since by `performance.now()`: earlier for a caller that was served in vain, and keeps its place
   * @throws `signal.reason` when the signal fires first
   */
  async wait(owner: string, signal: AbortSignal, unused: () => void, since: number = performance.now()): Promise<void> {
    const queued: Queued = { since, waiter: new Waiter() };
    const waiters = this.#waiters.get(owner) ?? [];
    waiters.splice(waiters.findLastIndex((other) => other.since <= since) + 1, 0, queued);
    this.#waiters.set(owner, waiters);
    this.#size += 1;
    await queued.waiter.wait(signal, (isServed) => {
      if (isServed) unused();
      else this.#leave(owner, queued);
    });
  }

  /** Lets one go on. @returns false: nobody waits */
  serve(): boolean {
    const [next] = this.#waiters;
    if (!next) return false;
    const [owner, waiters] = next;
    const [first] = waiters;
    if (!first) throw new TypeError('an owner without waiters');
    this.#leave(owner, first);
    // To the end of the map: the others come first now.
    if (this.#waiters.delete(owner)) this.#waiters.set(owner, waiters);
    first.waiter.serve();
    return true;
  }

  #leave(owner: string, queued: Queued): void {
    const waiters = this.#waiters.get(owner);
    const place = waiters?.indexOf(queued) ?? -1;
    if (!waiters || place < 0) return;
    waiters.splice(place, 1);
    this.#size -= 1;
    if (waiters.length === 0) this.#waiters.delete(owner);
  }
}
