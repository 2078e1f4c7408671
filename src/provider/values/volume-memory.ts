/** Which answers each volume was given, so that none gets the same one twice for its age alone. */
import * as budgets from '../../budgets.js';

/** What a volume was given for one question. */
export interface Given {
  /** `saidAtMs` of the answer. */
  readonly saidAtMs: number;
  readonly givenAtMs: number;
}

/** By the key of the question. A volume that is not known was never mounted by this process, as far as it knows. */
export type GivenAnswers = ReadonlyMap<string, Given>;

const nothing: GivenAnswers = new Map();

/** The volumes that were mounted last; nobody says when one goes away. A forgotten one costs a fetch, and no more. */
export class VolumeMemory {
  readonly #volumes = new Map<string, GivenAnswers>();
  readonly #limit: number;
  #answers = 0;

  constructor(limit: number = budgets.rememberedAnswers) {
    this.#limit = limit;
  }

  of(volume: string): GivenAnswers {
    return this.#volumes.get(volume) ?? nothing;
  }

  /** The volume was mounted with these answers; what it was given before no longer counts. */
  remember(volume: string, given: GivenAnswers): void {
    this.#forget(volume);
    this.#volumes.set(volume, given);
    this.#answers += given.size;
    for (const [oldest] of this.#volumes) {
      if (this.#answers <= this.#limit) break;
      this.#forget(oldest);
    }
  }

  #forget(volume: string): void {
    this.#answers -= this.#volumes.get(volume)?.size ?? 0;
    this.#volumes.delete(volume);
  }
}
