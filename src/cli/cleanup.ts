/** Undoes what a command set up, in the opposite order, however the command ends. */
import { describeError } from '../errors.js';

export type Undo = () => void | Promise<void>;

export class Cleanup {
  readonly #undos: Undo[] = [];

  add(undo: Undo): void {
    this.#undos.push(undo);
  }

  /**
   * Runs everything, the last added first, even when some of it fails.
   * @throws AggregateError of what failed
   */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) return;
    throw new AggregateError(errors, `not everything could be cleaned up: ${errors.map(describeError).join('; ')}`);
  }
}
