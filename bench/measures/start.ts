/** From the start of the process to its first answer and to its first mount, free and in control groups. */
import { Cgroup } from '../cgroup.js';
import type { Effort, Figure, Measure } from '../measure.js';
import { cpuMs } from '../process-facts.js';
import type { Side } from '../side.js';

export const start: Measure = {
  name: 'start',
  about: 'from the start of the process, files in the page cache; first mount of 10 secrets, AWS answers after 20 ms',
  run: async (side, effort) => {
    const figures: Figure[] = [...(await one(side, 'no limits', undefined))];
    if (Cgroup.version() === undefined) return figures;
    for (const quota of quotas(effort)) {
      const cgroup = Cgroup.create({ memoryMib: 100, cpuMillis: quota });
      try {
        figures.push(...(await one(side, `${String(quota)}m CPU, 100Mi`, cgroup)));
      } finally {
        await cgroup.remove();
      }
    }
    return figures;
  },
};

async function one(side: Side, where: string, cgroup: Cgroup | undefined): Promise<readonly Figure[]> {
  const options = { awsMs: 20, firstPod: { objects: 10 }, ...(cgroup && { cgroup }) };
  return side.run(options, async ({ provider, firstPod, time }) => {
    if (firstPod === undefined) throw new TypeError('the pod was asked for');
    const cpuAtVersion = cpuMs(provider.pid);
    const done = (provider.versionMs + (await time(firstPod))) / 1000;
    const cpuAtMount = cpuMs(provider.pid);
    const isNarrow = where.startsWith('50m');
    const answers = provider.versionMs / 1000;
    return [
      {
        name: `first Version, ${where}`,
        unit: 's',
        value: answers,
        ...(isNarrow && { aim: { atMost: 1.5 }, plot: true }),
      },
      {
        name: `first mount done, ${where}`,
        unit: 's',
        value: done,
        ...(isNarrow && { aim: { atMost: 3 }, plot: true }),
      },
      ...(cgroup ? [] : cpuFigures(cpuAtVersion, cpuAtMount)),
    ];
  });
}

function cpuFigures(atVersion: number, atMount: number): readonly Figure[] {
  return [
    { name: 'CPU up to the first Version', unit: 'ms', value: atVersion },
    { name: 'CPU up to the first mount done', unit: 'ms', value: atMount },
  ];
}

function quotas(effort: Effort): readonly number[] {
  return effort.quotas.filter((quota) => quota !== undefined);
}
