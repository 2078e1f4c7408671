/** Short turns for synchronous file work, so that a large volume does not hold up the other mounts. */
import { setImmediate } from 'node:timers/promises';

/** Longest synchronous stretch, in milliseconds: hundreds of files on a tmpfs, nothing beside a round trip to AWS. */
const sliceMs = 4;

/**
 * Counts the time that work has taken since others had their turn.
 *
 * File calls on a tmpfs are memory copies of microseconds: done synchronously they cost a fifth of what they cost in
 * the thread pool, and they cannot queue there behind name look-ups that hang.
 */
export class TimeSlice {
  #endsAt = performance.now() + sliceMs;
  readonly #signal: AbortSignal | undefined;

  /** @param signal ends the work by its reason; without one it runs to its end */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Call between two pieces of work; throws the signal's reason once it has fired. */
  async breathe(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() < this.#endsAt) return;
    await setImmediate();
    this.#endsAt = performance.now() + sliceMs;
    this.#signal?.throwIfAborted();
  }
}
