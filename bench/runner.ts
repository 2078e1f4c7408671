/** Runs the measures round by round, the sides in turn (A B A B), and puts the rounds of each figure together. */
import { cpus } from 'node:os';
import type { Aim, Effort, Figure, Measure, Unit } from './measure.js';
import type { Side } from './side.js';
import { ratioOf, spreadOf, type Spread } from './statistics.js';

/** One figure, over all rounds and sides. */
export interface Result {
  readonly measure: string;
  readonly name: string;
  readonly unit: Unit;
  readonly aim: Aim | undefined;
  readonly plot: boolean;
  /** Values of the rounds, by label of the side; a side that cannot be measured is absent. */
  readonly sides: Readonly<Record<string, readonly number[]>>;
}

export interface RunOptions {
  readonly rounds: number;
  readonly effort: Effort;
  /** Told what is being done. */
  readonly say: (text: string) => void;
}

export async function runMeasures(
  chosen: readonly Measure[],
  sides: readonly Side[],
  { rounds, effort, say }: RunOptions,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const measure of chosen) {
    const obstacle = measure.obstacle?.();
    if (obstacle !== undefined) {
      say(`${measure.name}: left out, ${obstacle}`);
      continue;
    }
    const found: Found[] = [];
    for (let round = 1; round <= (measure.once === true ? 1 : rounds); round += 1) {
      const measureSide = async (side: Side): Promise<void> => {
        say(`${measure.name}, round ${String(round)}: ${side.label}`);
        found.push({ label: side.label, figures: await measure.run(side, effort) });
      };
      if (measure.together === true) await Promise.all(sides.map(measureSide));
      else for (const side of sides) await measureSide(side);
    }
    results.push(...collect(measure.name, found));
  }
  return results;
}

export interface Found {
  readonly label: string;
  readonly figures: readonly Figure[];
}

/** Puts the values of one figure together, by side and in order of the rounds. */
export function collect(measure: string, found: readonly Found[]): readonly Result[] {
  const results = new Map<string, Omit<Result, 'sides'> & { readonly sides: Record<string, number[]> }>();
  for (const { label, figures } of found) {
    for (const { name, unit, value, aim, plot = false } of figures) {
      const result = results.get(name) ?? { measure, name, unit, aim, plot, sides: {} };
      (result.sides[label] ??= []).push(value);
      results.set(name, result);
    }
  }
  return [...results.values()];
}

/** What the first side's value is to the second's, where both were measured. */
export function ratioOfSides({ sides }: Result, labels: readonly string[]): Spread | undefined {
  const [first, second] = labels.map((label) => sides[label]);
  return first && second ? ratioOf(first, second) : undefined;
}

export function spreadOfSide({ sides }: Result, label: string): Spread | undefined {
  const values = sides[label];
  return values && spreadOf(values);
}

export function isReached(aim: Aim, { median }: Spread): boolean {
  return 'atMost' in aim ? median <= aim.atMost : median >= aim.atLeast;
}

/** Where it ran. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly processors: string;
}

export function machine(commit: string): Machine {
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit,
    node: process.version,
    processors: `${String(all.length)} x ${(all[0]?.model ?? 'unknown').trim()}`,
  };
}
