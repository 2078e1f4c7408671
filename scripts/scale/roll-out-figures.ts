/** What a simulated roll-out comes to. */
import type { Fleet, Manner, RollOut } from './fleet.js';

export interface Figures {
  /** When half of the pods, and all of them, had their volumes. */
  readonly halfS: number;
  readonly lastS: number;
  /** Calls that reached AWS, for each that the pods needed. */
  readonly callsForEach: number;
  /** Part of the pods whose first mount failed. */
  readonly failedFirst: number;
  readonly failedMounts: number;
  /** Most calls that reached AWS in a second. */
  readonly peakPerSecond: number;
}

export interface SimulatedFleet extends Readonly<Record<Manner, Figures>> {
  readonly fleet: Fleet;
}

/** What `simulate.ts` leaves for the page. */
export interface Simulation {
  readonly seed: number;
  readonly fleets: readonly SimulatedFleet[];
}

export function podsOf({ nodes, namespaces }: Fleet): number {
  return nodes * namespaces.reduce((total, pods) => total + pods, 0);
}

/** How long AWS takes for the calls of all pods: nothing could be faster. */
export function idealS(fleet: Fleet): number {
  return (podsOf(fleet) * fleet.callsPerPod) / fleet.perSecond;
}

export function figuresOf(fleet: Fleet, { pods, callsBySecond }: RollOut): Figures {
  const needed = podsOf(fleet);
  if (pods.length !== needed) throw new Error(`${String(pods.length)} of ${String(needed)} pods have started`);
  const times = pods.map(({ atS }) => atS).sort((a, b) => a - b);
  const timeOf = (pod: number): number => rounded(times[pod - 1] ?? NaN, 1);
  const calls = [...callsBySecond].map((count: number | undefined) => count ?? 0);
  return {
    halfS: timeOf(Math.ceil(needed / 2)),
    lastS: timeOf(needed),
    callsForEach: rounded(calls.reduce((total, count) => total + count, 0) / (needed * fleet.callsPerPod), 2),
    failedFirst: rounded(pods.filter(({ failedMounts }) => failedMounts > 0).length / needed, 3),
    failedMounts: pods.reduce((total, { failedMounts }) => total + failedMounts, 0),
    peakPerSecond: Math.max(...calls),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
