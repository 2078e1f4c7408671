/** How long one mount takes while nothing else goes on: first and repeated ones, by objects and by AWS's own time. */
import type { Aim, Effort, Figure, Measure } from '../measure.js';
import { inARow } from '../series.js';
import type { Side } from '../side.js';
import { percentile } from '../statistics.js';
import { podOf } from '../world.js';

export const latency: Measure = {
  name: 'latency',
  about: 'one mount at a time; a first mount is that of another pod, whose token AWS has not seen',
  run: async (side, effort) => {
    const figures: Figure[] = [];
    for (const awsMs of effort.latencies) {
      for (const objects of effort.objectCounts) figures.push(...(await one(side, effort, { awsMs, objects })));
    }
    return figures;
  },
};

async function one(side: Side, effort: Effort, at: { readonly awsMs: number; readonly objects: number }) {
  const limit = { atMost: effort.mounts, forMs: effort.seriesMs };
  return side.run(at, async (running) => {
    await running.warm(effort.warmUp, at.objects);
    const pods = await running.pods('first', effort.mounts, at);
    const first = await inARow(limit, (index) => running.time(podOf(pods, index)));
    const pod = await running.pod('again', at);
    await running.time(pod);
    await side.standIn.forgetRequests();
    const repeated = await inARow(limit, () => running.time(pod));
    const aws = (await side.standIn.requests()).filter(({ service }) => service !== 'kubernetes').length;
    // A value that is kept needs no round trip; a provider that asks AWS every time cannot be faster than AWS.
    const isKept = aws < repeated.length / 2;
    const isMain = at.objects === 10 && at.awsMs === 20;
    const what = `of ${String(at.objects)}, AWS ${String(at.awsMs)} ms`;
    return [
      ...percentiles(`first mount ${what}`, first, isMain ? { atMost: 50 } : undefined),
      ...percentiles(`repeated mount ${what}`, repeated, isMain ? { atMost: isKept ? 6 : 28 } : undefined),
    ];
  });
}

function percentiles(name: string, times: readonly number[], aim: Aim | undefined): readonly Figure[] {
  const p50 = { name: `${name}, p50`, unit: 'ms', value: percentile(times, 0.5) } as const;
  return [
    aim === undefined ? p50 : { ...p50, aim, plot: true },
    { name: `${name}, p99`, unit: 'ms', value: percentile(times, 0.99) },
  ];
}
