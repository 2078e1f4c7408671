/** Memory while idle, after many mounts, and at the peak of bursts, without limits. */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { bursts, nameOf, type Burst } from '../bursts.js';
import type { Effort, Figure, Measure } from '../measure.js';
import { memory as memoryOf, privateMib, resetPeak, sockets, watchAnonymous } from '../process-facts.js';
import { inARow } from '../series.js';
import type { Side } from '../side.js';

/** Garbage of the start is collected, or it is not. */
const idleMs = 2000;

/** A while without mounts, after which a process may have given memory back. */
const quietMs = 60_000;

/** The aims are in decimal megabytes. */
const megabytes = (count: number) => ({ atMost: (count * 1e6) / 1024 / 1024 });

export const memory: Measure = {
  name: 'memory',
  about:
    'resident memory of the process without limits, AWS answers after 20 ms; files on tmpfs not counted. Bursts are of pods of one service account, which share calls with IRSA and none with Pod Identity',
  run: async (side, effort) => {
    const figures = [...(await idleAndMany(side, effort))];
    for (const burst of bursts(side, effort)) figures.push(...(await peak(side, burst)));
    return figures;
  },
};

async function idleAndMany(side: Side, effort: Effort): Promise<readonly Figure[]> {
  return side.run({ awsMs: 20 }, async (running) => {
    const { pid } = running.provider;
    await sleep(idleMs);
    const idle = memoryOf(pid);
    const idlePrivate = privateMib(pid);
    await inARow({ atMost: effort.manyMounts, forMs: Infinity }, async (index) => {
      const pod = await running.pod(`many-${String(index)}`, { objects: 10 });
      await running.time(pod);
      rmSync(pod.mount.targetPath, { recursive: true });
    });
    const open = sockets(pid);
    const after = memoryOf(pid);
    const afterPrivate = privateMib(pid);
    await sleep(quietMs);
    const later = memoryOf(pid);
    const what = `after ${String(effort.manyMounts)} mounts of 10 in a row`;
    return [
      { name: 'RSS, idle', unit: 'MiB', value: idle.rss, aim: megabytes(70), plot: true },
      { name: 'private memory, idle', unit: 'MiB', value: idlePrivate },
      { name: `RSS ${what}`, unit: 'MiB', value: after.rss, aim: megabytes(95), plot: true },
      { name: `private memory ${what}`, unit: 'MiB', value: afterPrivate },
      { name: `RSS a minute ${what}`, unit: 'MiB', value: later.rss, aim: megabytes(95) },
      { name: `private memory a minute ${what}`, unit: 'MiB', value: privateMib(pid) },
      { name: `open sockets ${what}`, unit: 'sockets', value: open },
    ];
  });
}

async function peak(side: Side, burst: Burst): Promise<readonly Figure[]> {
  return side.run({ awsMs: 20, driverWrites: burst.driverWrites }, async (running) => {
    const { pid } = running.provider;
    await running.warm(5, 10);
    const pods = await running.pods('burst', 50, { ...burst, objects: 10 });
    await sleep(500);
    resetPeak(pid);
    const watch = watchAnonymous(pid);
    try {
      await Promise.all(pods.map((pod) => running.time(pod)));
    } finally {
      watch.stop();
    }
    const name = nameOf(burst);
    return [
      { name: `peak RSS, ${name}`, unit: 'MiB', value: memoryOf(pid).peakRss, plot: burst.size === '64KiB' },
      { name: `peak anonymous, ${name}`, unit: 'MiB', value: watch.stop() },
    ];
  });
}
