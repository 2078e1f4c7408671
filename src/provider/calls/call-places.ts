/** Places of calls that are under way: so many in all, half of them for one namespace at most. */

/** What a call takes a place for. */
export interface PlaceOwner {
  /** The namespace. */
  readonly owner: string;
  /** Of namespace and region. */
  readonly lane: string;
}

export class CallPlaces {
  readonly #places: number;
  readonly #ownPlaces: number;
  readonly #share: number;
  readonly #ofOwner = new Tally();
  readonly #inLane = new Tally();
  #taken = 0;

  /**
   * @param ownPlaces those that a namespace may have in a region though others have taken all. Two namespaces in a black
   * hole would stop all others, and a region that does not answer the one that stands in for it
   */
  constructor(places: number, ownPlaces: number) {
    this.#places = places;
    this.#ownPlaces = ownPlaces;
    this.#share = Math.max(1, Math.floor(places / 2));
  }

  get size(): number {
    return this.#places;
  }

  get taken(): number {
    return this.#taken;
  }

  hasOneFor({ owner, lane }: PlaceOwner): boolean {
    if (this.#ofOwner.of(owner) >= this.#share) return false;
    return this.#taken < this.#places || this.#inLane.of(lane) < this.#ownPlaces;
  }

  /** Takes one, whether there is one or not. */
  take(call: PlaceOwner): void {
    this.#change(call, 1);
  }

  free(call: PlaceOwner): void {
    this.#change(call, -1);
  }

  #change({ owner, lane }: PlaceOwner, change: 1 | -1): void {
    this.#taken += change;
    this.#ofOwner.add(owner, change);
    this.#inLane.add(lane, change);
  }
}

/** Numbers by name; a name with none takes no room. */
class Tally {
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }

  add(name: string, change: number): void {
    const number = this.of(name) + change;
    if (number > 0) this.#numbers.set(name, number);
    else this.#numbers.delete(name);
  }
}
