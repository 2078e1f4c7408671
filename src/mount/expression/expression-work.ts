/** A bound on what evaluating an expression costs, counted in steps: the same on a fast node and on a starved one. */
import { ExpressionFailure } from './expression-failure.js';

/** One unit is a visit of a node of the tree, an element of an array, or eight characters of a text. */
export class Work {
  #left: number;
  readonly #whole: Work | undefined;

  /** @param whole what all expressions of one call may cost together; every unit counts there too */
  constructor(units: number, whole?: Work) {
    this.#left = units;
    this.#whole = whole;
  }

  /** @throws ExpressionFailure when no units are left */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new ExpressionFailure('takes too much work; simplify it');
    this.#whole?.spend(units);
  }

  /** For texts: a unit for each eight characters. */
  spendText(characters: number): void {
    this.spend(Math.ceil(characters / 8));
  }
}
