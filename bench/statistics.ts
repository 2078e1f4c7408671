/** The arithmetic of the benchmark: percentiles, medians over rounds, and ratios of two sides measured in one run. */

/** A value that stands for several rounds, with how far they lay apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The value below which the given share of all values lies (nearest rank), so that it is always one that was measured.
 * @param share from 0 to 1
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted[rank - 1] ?? NaN;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (Number.isInteger(middle)) return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
  return sorted[Math.floor(middle)] ?? NaN;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times the first side's value is the second's. Rounds are compared in pairs, because a pair ran under the same
 * load of the machine. `undefined` where a pair cannot be divided.
 */
export function ratioOf(first: readonly number[], second: readonly number[]): Spread | undefined {
  const pairs = Math.min(first.length, second.length);
  if (pairs === 0) return undefined;
  const ratios = Array.from({ length: pairs }, (_, place) => (first[place] ?? NaN) / (second[place] ?? NaN));
  return ratios.every(Number.isFinite) ? spreadOf(ratios) : undefined;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
