/** The words of a measure: what it is given, and the figures that it gives. */
import type { Side } from './side.js';

export type Unit =
  | 'ms'
  | 's'
  | 'MiB'
  | 'mounts/s'
  | 'calls'
  | 'calls/h'
  | 'connections'
  | 'connections/h'
  | 'sockets'
  | 'mounts'
  | 'kills';

/** What this provider is to reach, on this benchmark's own terms. */
export type Aim = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number;
  readonly aim?: Aim;
  /** Shown in the plot. */
  readonly plot?: boolean;
}

/** How much is done: the whole, a look of a minute, or a test of seconds. */
export interface Effort {
  /** Largest number of mounts of one series. */
  readonly mounts: number;
  /** A series ends after this time even if it has not reached its number; at least 5 mounts are made. */
  readonly seriesMs: number;
  /** Mounts before a series: a process just started compiles its code. */
  readonly warmUp: number;
  /** Mounts of the long row whose memory is looked at. */
  readonly manyMounts: number;
  readonly latencies: readonly number[];
  readonly objectCounts: readonly number[];
  readonly inFlight: readonly number[];
  /** Runs of each burst in a control group. */
  readonly repeats: number;
  /** Thousandths of a core for starts and bursts in control groups, `undefined` for no quota. */
  readonly quotas: readonly (number | undefined)[];
  /** Only small values, written by the provider, for IRSA. */
  readonly fewBursts: boolean;
}

export interface Measure {
  readonly name: string;
  /** One sentence for the table. */
  readonly about: string;
  /** Its figures are named "case: figure", and each case fills one row of the table. */
  readonly pivot?: boolean;
  /** Needs to be asked for by name. */
  readonly onlyWhenAsked?: boolean;
  /** One round is enough, or it repeats by itself. */
  readonly once?: boolean;
  /** Both sides run at the same time: the measure waits, and does not load the machine. */
  readonly together?: boolean;
  /** Why it cannot run here; `undefined` when it can. */
  readonly obstacle?: () => string | undefined;
  readonly run: (side: Side, effort: Effort) => Promise<readonly Figure[]>;
}

export const fullEffort: Effort = {
  mounts: 100,
  seriesMs: 8000,
  warmUp: 20,
  manyMounts: 1000,
  latencies: [1, 20],
  objectCounts: [1, 10, 50],
  inFlight: [1, 8, 50],
  repeats: 3,
  quotas: [50, 100, undefined],
  fewBursts: false,
};

export const quickEffort: Effort = {
  mounts: 30,
  seriesMs: 700,
  warmUp: 5,
  manyMounts: 100,
  latencies: [20],
  objectCounts: [1, 10],
  inFlight: [1, 50],
  repeats: 1,
  quotas: [undefined],
  fewBursts: true,
};
