/** Turns on a target directory: mounts of one target run one after the other, others are not held up. */
import { raceWithSignal } from '../shared-calls.js';

/** A queue for each key; a key without work costs nothing. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `work` when all earlier work of the key has ended, well or badly.
   * @throws the signal's reason when it fires while waiting; `work` has not begun then
   */
  async take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // One that gives up while it waits must not let the next one in before its own predecessor has ended.
    const mine = before.then(() => left);
    this.#last.set(key, mine);
    try {
      signal.throwIfAborted();
      await raceWithSignal(before, signal);
      return await work();
    } finally {
      leave();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
