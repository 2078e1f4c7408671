/** Writes scripts/scale/fleet.json, with and without the pace: a few minutes of one core. Then `npm run generate`. */
import { rollOut, type Fleet, type Manner } from './fleet.js';
import { writeGenerated } from '../generated.js';
import { facts } from './facts.js';
import { figuresOf, type Figures, type SimulatedFleet } from './roll-out-figures.js';

const seed = 1;
const common = { callsPerPod: 1, perSecond: facts.quotas.GetParameters, startWithinS: 30 };
const fleets: readonly Fleet[] = [
  { ...common, nodes: 100, namespaces: [30] },
  { ...common, nodes: 200, namespaces: [30] },
  { ...common, nodes: 1000, namespaces: [10] },
  { ...common, nodes: 200, namespaces: [4, 3, 2, 1], callsPerPod: 5 },
];

async function simulated(fleet: Fleet, manner: Manner): Promise<Figures> {
  const figures = figuresOf(fleet, await rollOut(fleet, manner, seed));
  console.log(JSON.stringify({ ...fleet, manner, ...figures }));
  return figures;
}

const results: SimulatedFleet[] = [];
for (const fleet of fleets) {
  const threeAttempts = await simulated(fleet, 'threeAttempts');
  results.push({ fleet, threeAttempts, pace: await simulated(fleet, 'pace') });
}
await writeGenerated({ 'scripts/scale/fleet.json': JSON.stringify({ seed, fleets: results }) }, 'npm run simulate');
