/** Mounts a second and CPU of a mount, with some of them under way at once. */
import type { Aim, Effort, Figure, Measure } from '../measure.js';
import { cpuMs } from '../process-facts.js';
import { atOnce } from '../series.js';
import type { Running } from '../side.js';
import { podOf, type Pod } from '../world.js';

const objects = 10;
const awsMs = 20;

export const throughput: Measure = {
  name: 'throughput',
  about: 'mounts of 10 secrets by pods of one service account, AWS answers after 20 ms',
  run: async (side, effort) => {
    const figures: Figure[] = [];
    for (const inFlight of effort.inFlight) {
      figures.push(...(await side.run({ awsMs }, (running) => one(running, effort, inFlight))));
    }
    return figures;
  },
};

async function one(running: Running, effort: Effort, inFlight: number): Promise<readonly Figure[]> {
  await running.warm(effort.warmUp, objects);
  const count = Math.max(effort.mounts, inFlight) * (inFlight === 1 ? 1 : 3);
  const firsts = await running.pods('first', count, { objects });
  const first = await load(running, effort, { inFlight, count, pick: (index) => podOf(firsts, index) });
  // Each worker has a volume of its own: mounts of one volume would wait for each other.
  const repeated = await load(running, effort, { inFlight, count, pick: (_, worker) => podOf(firsts, worker) });
  const what = `${String(inFlight)} in flight`;
  const alone = inFlight === 1;
  return [
    ...(alone ? [] : rates(`first mounts, ${what}`, first.rate, inFlight === 50 ? { atLeast: 110 } : undefined)),
    ...(alone ? [] : rates(`repeated mounts, ${what}`, repeated.rate, inFlight === 50 ? { atLeast: 110 } : undefined)),
    cpu(`CPU of a first mount, ${what}`, first.cpu, alone ? { atMost: 9 } : undefined),
    cpu(`CPU of a repeated mount, ${what}`, repeated.cpu, alone ? { atMost: 6 } : undefined),
  ];
}

interface Series {
  readonly inFlight: number;
  readonly count: number;
  readonly pick: (index: number, worker: number) => Pod;
}

async function load(running: Running, effort: Effort, { inFlight, count, pick }: Series) {
  const cpuBefore = cpuMs(running.provider.pid);
  const started = performance.now();
  // The kernel counts CPU in steps of 10 ms: a series must not be too short.
  const limit = { atMost: count, forMs: Math.max(effort.seriesMs, 1000) };
  const times = await atOnce(inFlight, limit, (index, worker) => running.time(pick(index, worker)));
  const seconds = (performance.now() - started) / 1000;
  return { rate: times.length / seconds, cpu: (cpuMs(running.provider.pid) - cpuBefore) / times.length };
}

function rates(name: string, value: number, aim: Aim | undefined): readonly Figure[] {
  return [{ name, unit: 'mounts/s', value, ...(aim && { aim, plot: true }) }];
}

function cpu(name: string, value: number, aim: Aim | undefined): Figure {
  return { name, unit: 'ms', value, ...(aim && { aim, plot: true }) };
}
