/** Gathers what is wrong or odd in what a tenant wrote, so that any number of findings costs bounded text. */
import { findingsCharacters, findingsShown } from '../../budgets.js';

/** Findings in the order in which they were made; only the first few keep their words, the others are counted. */
export class Findings {
  readonly #texts: string[] = [];
  #characters = 0;
  #count = 0;

  /** Adds one; `text` is only asked for its words while there is room for them. */
  add(text: () => string): void {
    this.#count += 1;
    if (this.#texts.length >= findingsShown || this.#characters >= findingsCharacters) return;
    const words = text();
    this.#characters += words.length;
    this.#texts.push(words);
  }

  get count(): number {
    return this.#count;
  }

  /** The words that were kept, and how many findings there are beyond them. */
  list(): readonly string[] {
    const more = this.#count - this.#texts.length;
    return more === 0 ? [...this.#texts] : [...this.#texts, `and ${more} more`];
  }
}

/** Where faults and warnings of one place (an entry of the list) go. */
export interface Reporter {
  /** Something that fails the mount. The words follow the place's name and a colon. */
  readonly fault: (text: () => string) => void;
  /** Something for the mount's log line, in the same form. */
  readonly warn: (text: () => string) => void;
}

/** Puts the name of a place before everything that is said of it. */
export function reporterAt(place: () => string, faults: Findings, warnings: Findings): Reporter {
  return {
    fault: (text) => {
      faults.add(() => `${place()}: ${text()}`);
    },
    warn: (text) => {
      warnings.add(() => `${place()}: ${text()}`);
    },
  };
}
