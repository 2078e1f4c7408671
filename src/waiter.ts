/** One who waits for something that another gives out, and may leave before it comes. */
import { raceWithSignal } from './shared-calls.js';

export class Waiter {
  #isServed = false;
  #end = (): void => undefined;
  readonly #served = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  get isServed(): boolean {
    return this.#isServed;
  }

  /** Gives this one what is waited for. */
  serve(): void {
    this.#isServed = true;
    this.#end();
  }

  /**
   * Ends once this one is served.
   * @param leave called when the signal fires first. Served in that same moment: what was given has to be given back.
   * Not served: it must not be given any more
   * @throws `signal.reason` when the signal fires first
   */
  async wait(signal: AbortSignal, leave: (isServed: boolean) => void): Promise<void> {
    try {
      await raceWithSignal(this.#served, signal);
    } catch (error) {
      leave(this.#isServed);
      throw error;
    }
  }
}
