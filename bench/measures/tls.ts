/** What TLS adds: AWS by its own host names, as in a cluster, with certificates of the stand-in's authority. */
import type { Effort, Figure, Measure } from '../measure.js';
import { cpuMs, memory } from '../process-facts.js';
import { inARow } from '../series.js';
import type { Side } from '../side.js';
import { percentile } from '../statistics.js';
import { podOf } from '../world.js';

const objects = 10;
const awsMs = 20;

export const tls: Measure = {
  name: 'tls',
  about:
    'mounts of 10 secrets one at a time, AWS answers after 20 ms, with and without TLS; with it AWS is behind a proxy',
  pivot: true,
  run: async (side, effort) => [
    ...(await one(side, effort, { name: 'plain', isTls: false })),
    ...(await one(side, effort, { name: 'TLS', isTls: true })),
  ],
};

async function one(side: Side, effort: Effort, { name, isTls }: { readonly name: string; readonly isTls: boolean }) {
  return side.run({ awsMs, tls: isTls, firstPod: { objects } }, async (running): Promise<readonly Figure[]> => {
    const { provider, firstPod } = running;
    if (!firstPod) throw new TypeError('no pod was made');
    const veryFirst = await running.time(firstPod);
    await running.warm(effort.warmUp, objects);
    const pods = await running.pods('first', effort.mounts, { objects });
    const cpuBefore = cpuMs(provider.pid);
    const limit = { atMost: effort.mounts, forMs: effort.seriesMs };
    const times = await inARow(limit, (index) => running.time(podOf(pods, index)));
    return [
      { name: `${name}: very first mount, all connections new`, unit: 'ms', value: veryFirst },
      { name: `${name}: first mount, p50`, unit: 'ms', value: percentile(times, 0.5) },
      { name: `${name}: CPU of a first mount`, unit: 'ms', value: (cpuMs(provider.pid) - cpuBefore) / times.length },
      { name: `${name}: RSS after these mounts`, unit: 'MiB', value: memory(provider.pid).rss },
    ];
  });
}
