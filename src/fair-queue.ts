/** Those who wait for something that comes one at a time: owners are served in turn, each one's waiters in order. */
import { Waiter } from './waiter.js';

export class FairQueue {
  /** By owner, the one that was served longest ago first; none is empty. */
  readonly #waiters = new Map<string, Set<Waiter>>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Waits for `serve` to come to this caller.
   * @param unused told when the caller has left with what `serve` gave it: it is another's
   * @throws `signal.reason` when the signal fires first
   */
  async wait(owner: string, signal: AbortSignal, unused: () => void): Promise<void> {
    const waiter = new Waiter();
    const waiters = this.#waiters.get(owner) ?? new Set<Waiter>();
    this.#waiters.set(owner, waiters.add(waiter));
    this.#size += 1;
    await waiter.wait(signal, (isServed) => {
      if (isServed) unused();
      else this.#leave(owner, waiter);
    });
  }

  /** Lets one go on. @returns false: nobody waits */
  serve(): boolean {
    const [next] = this.#waiters;
    if (!next) return false;
    const [owner, waiters] = next;
    const [waiter] = waiters;
    if (!waiter) throw new TypeError('an owner without waiters');
    this.#leave(owner, waiter);
    // To the end of the map: the others come first now.
    if (this.#waiters.delete(owner)) this.#waiters.set(owner, waiters);
    waiter.serve();
    return true;
  }

  #leave(owner: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(owner);
    if (waiters?.delete(waiter) !== true) return;
    this.#size -= 1;
    if (waiters.size === 0) this.#waiters.delete(owner);
  }
}
