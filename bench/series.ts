/** Runs mounts in a row or some at once, until there are enough or time is up. */

export interface SeriesLimit {
  readonly atMost: number;
  readonly forMs: number;
}

const atLeast = 5;

/** Calls `step` with 0, 1, 2, ... one after the other, and gives what it gave. */
export async function inARow<T>(limit: SeriesLimit, step: (index: number) => Promise<T>): Promise<readonly T[]> {
  return atOnce(1, limit, step);
}

/** The same with `inFlight` of them under way at any moment; `step` is also told which of the workers calls it. */
export async function atOnce<T>(
  inFlight: number,
  { atMost, forMs }: SeriesLimit,
  step: (index: number, worker: number) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  const end = performance.now() + forMs;
  let next = 0;
  const work = async (worker: number): Promise<void> => {
    while (next < atMost && (next < atLeast || performance.now() < end)) {
      const index = next;
      next += 1;
      results.push(await step(index, worker));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => work(worker)));
  return results;
}
