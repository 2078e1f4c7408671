/** Lets at most so many pieces of work run at once; the rest wait in order. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Waits for a place, then runs the work. Work whose mount was stopped meanwhile finds that out by itself. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place goes from hand to hand: a newcomer cannot slip in between.
      if (next) next();
      else this.#free += 1;
    }
  }
}
