/** Bursts of 50 mounts inside a container's limits: errors, kills, failovers, memory, and when the last one is done. */
import { bursts, nameOf, simplestBurst, type Burst } from '../bursts.js';
import { Cgroup } from '../cgroup.js';
import type { Effort, Figure, Measure } from '../measure.js';
import { watchAnonymous } from '../process-facts.js';
import type { Running, Side } from '../side.js';
import { Targets } from '../targets.js';
import { failoverRegion, originsOf, type Pod } from '../world.js';

const memoryMib = 100;
const count = 50;

export const burst: Measure = {
  name: 'burst',
  about:
    '50 mounts of 10 secrets at once in a control group of 100Mi, the process just started; failures are sums over the runs and have to be none (**bold**: there were some), times and memory are those of the worst run',
  once: true,
  pivot: true,
  obstacle,
  run: async (side, effort) => {
    const figures: Figure[] = [];
    for (const quota of effort.quotas) {
      for (const kind of bursts(side, effort)) figures.push(...(await repeat(side, effort, { kind, quota })));
      figures.push(...(await repeat(side, effort, { kind: simplestBurst, quota, failover: true })));
    }
    return figures;
  },
};

function obstacle(): string | undefined {
  if (Cgroup.version() === undefined) return 'no control groups that this user may change';
  // Files on a disk would not count as memory.
  return Targets.canBeTmpfs() ? undefined : 'this user may not mount a tmpfs';
}

interface Case {
  readonly kind: Burst;
  readonly quota: number | undefined;
  /** Both regions are named in the class, and both are well. */
  readonly failover?: boolean;
}

interface Outcome {
  readonly errors: number;
  readonly kills: number;
  /** Mounts with a value of the second region. */
  readonly failovers: number;
  readonly lastMs: number;
  readonly peakMib: number;
  readonly anonymousMib: number;
}

async function repeat(side: Side, effort: Effort, tried: Case): Promise<readonly Figure[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < effort.repeats) outcomes.push(await once(side, tried));
  const total = (pick: (outcome: Outcome) => number) => outcomes.reduce((sum, outcome) => sum + pick(outcome), 0);
  const worst = (pick: (outcome: Outcome) => number) => Math.max(...outcomes.map(pick));
  const cpu = tried.quota === undefined ? 'no quota' : `${String(tried.quota)}m`;
  const name = `${nameOf(tried.kind)}${tried.failover ? ', two regions' : ''}, ${cpu}`;
  const runs = `in ${String(outcomes.length)} ${outcomes.length === 1 ? 'run' : 'runs'}`;
  const none = { atMost: 0 };
  // A run in which no mount came through has no last one.
  const last = worst(({ lastMs }) => lastMs);
  return [
    { name: `${name}: failed mounts ${runs}`, unit: 'mounts', value: total(({ errors }) => errors), aim: none },
    { name: `${name}: killed for memory ${runs}`, unit: 'kills', value: total(({ kills }) => kills), aim: none },
    ...(tried.failover
      ? [{ name: `${name}: failovers ${runs}`, unit: 'mounts' as const, value: total((o) => o.failovers), aim: none }]
      : []),
    ...(last > 0 ? [{ name: `${name}: last mount done after`, unit: 's' as const, value: last / 1000 }] : []),
    { name: `${name}: peak of the group`, unit: 'MiB', value: worst(({ peakMib }) => peakMib) },
    { name: `${name}: peak anonymous`, unit: 'MiB', value: worst(({ anonymousMib }) => anonymousMib) },
  ];
}

async function once(side: Side, { kind, quota, failover = false }: Case): Promise<Outcome> {
  const cgroup = Cgroup.create({ memoryMib, cpuMillis: quota });
  try {
    return await side.run({ awsMs: 20, driverWrites: kind.driverWrites, cgroup }, async (running) => {
      const pods = await running.pods('burst', count, { ...kind, objects: 10, failover });
      return run(running, pods, cgroup);
    });
  } finally {
    await cgroup.remove();
  }
}

async function run({ provider }: Running, pods: readonly Pod[], cgroup: Cgroup): Promise<Outcome> {
  const watch = watchAnonymous(provider.pid);
  const started = performance.now();
  let lastMs = 0;
  const mounts = pods.map(async (pod) => {
    try {
      const answer = await provider.mount(pod.mount, pod.names.length);
      lastMs = performance.now() - started;
      return { pod, answer };
    } catch {
      return undefined; // counted below
    }
  });
  const done = (await Promise.all(mounts)).filter((mount) => mount !== undefined);
  const anonymousMib = watch.stop();
  const failovers = done.filter(({ pod, answer }) => originsOf(pod, answer).includes(failoverRegion)).length;
  const kills = Math.max(cgroup.kills(), provider.isDead ? 1 : 0);
  return { errors: pods.length - done.length, kills, failovers, lastMs, peakMib: cgroup.peakMib(), anonymousMib };
}
