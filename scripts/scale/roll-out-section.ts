/** The part of docs/scale.md about a roll-out beyond a quota, from what `simulate.ts` found. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as budgets from '../../src/budgets.js';
import type { Fleet, Manner } from './fleet.js';
import { facts } from './facts.js';
import { idealS, type Figures, type Simulation } from './roll-out-figures.js';
import { n, table, type Row } from './text.js';

const { quotas } = facts;

export const simulation = JSON.parse(readFileSync(path.join(import.meta.dirname, 'fleet.json'), 'utf8')) as Simulation;

const manners: Readonly<Record<Manner, string>> = { threeAttempts: '3 attempts', pace: 'paced' };
const head = [
  'fleet',
  'AWS needs',
  'throttled calls',
  'half of the pods',
  'last pod',
  'calls for each',
  'failed first',
  'peak',
];

export function rollOutBeyondQuota(): string {
  const mountS = (budgets.mountBudgetMs * budgets.fetchShare) / 1000;
  const perMinute = quotas.GetParameters * 60;
  return `## A roll-out beyond a quota

Pods of a whole fleet start within ${n(startWithinS())} s, and all need GetParameters, of which AWS takes ${n(quotas.GetParameters)} a second. Nothing can be faster than
that: "AWS needs" is the number of calls divided by it. "Paced" is this provider; "3 attempts" is the same without its pace: the SDK
tries three times, the mount fails, and kubelet mounts again after 0.5 s, then 1 s, up to 2 minutes.
This is simulated, not measured: the program's pace and the SDK's retries run in virtual time (\`npm run simulate\`).

${table(
  head,
  simulation.fleets.flatMap(({ fleet, ...found }) =>
    (['threeAttempts', 'pace'] as const).map((manner) => row(fleet, manner, found[manner])),
  ),
)}

"Calls for each": calls that AWS saw, for each that was needed. "Failed first": pods whose first mount failed. "Peak": calls in the
busiest second.

- Pods start as fast as the quota lets them. ${lateness()}
- A mount waits ${n(mountS)} s at most. Where AWS needs longer than that for all pods, some mounts fail: the event \`FailedMount\` says
  \`throttles this account\`. Kubelet mounts again, and nobody has to do anything.
- Such a mount fetches again what it had got already. That is why pods of many calls take longer than their calls, and why a mount
  that has begun goes before those that have not.
- Each node has to try what AWS takes: the more nodes share a quota, the more calls are refused.
- Whatever else asks for parameters in this account and region meets the same quota meanwhile.

The default quota starts ${n(perMinute)} pods of one call in a minute. So:

- Let pods start more slowly than that: smaller steps of a Deployment (\`strategy.rollingUpdate\`), one workload after the other.
- Keep to ten parameters a pod: one call takes ten, each further ten are a call more.
- Or switch higher throughput on, ${n(quotas.GetParametersHigher)} a second: none of these fleets reaches that.

`;
}

function startWithinS(): number {
  return Math.max(...simulation.fleets.map(({ fleet }) => fleet.startWithinS));
}

function row(fleet: Fleet, manner: Manner, figures: Figures): Row {
  const { nodes, namespaces, callsPerPod } = fleet;
  const pods = namespaces.reduce((total, count) => total + count, 0);
  const calls = callsPerPod === 1 ? '1 call' : `${n(callsPerPod)} calls`;
  return [
    `${n(nodes)} nodes x ${n(pods)} pods, ${calls}`,
    `${n(idealS(fleet))} s`,
    manners[manner],
    `${n(figures.halfS)} s`,
    `${n(figures.lastS)} s`,
    n(figures.callsForEach),
    `${n(figures.failedFirst * 100)}%`,
    n(figures.peakPerSecond),
  ];
}

function lateness(): string {
  const over = simulation.fleets.map(({ fleet, pace }) => pace.lastS / idealS(fleet) - 1);
  const percent = (part: number): string => `${n(Math.round(part * 100))}%`;
  return `The last one is ${percent(Math.min(...over))} to ${percent(Math.max(...over))} later than AWS needs.`;
}
