/** What is under way, and when nothing is any more. */

/** A set whose emptiness can be waited for. */
export class BusySet<T> implements Iterable<T> {
  readonly #members = new Set<T>();
  readonly #waiting: (() => void)[] = [];

  add(member: T): void {
    this.#members.add(member);
  }

  delete(member: T): void {
    this.#members.delete(member);
    if (this.#members.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves as soon as nothing is in the set. */
  async empty(): Promise<void> {
    if (this.#members.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#members.values();
  }
}
