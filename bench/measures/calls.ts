/** What one mount of 10 secrets costs AWS and the Kubernetes API: calls by name, and new connections. */
import type { Figure, Measure } from '../measure.js';
import type { Running, Side } from '../side.js';
import { sum } from '../statistics.js';
import type { Identity, Pod } from '../world.js';

const objects = 10;
const pods = 10;

export const calls: Measure = {
  name: 'calls',
  about: 'calls and new connections of one mount of 10 secrets, one mount after the other, region given in the class',
  once: true,
  run: async (side) => [
    ...(await ofIdentity(side, 'irsa')),
    // The agent stands at an address of its own, which only a flag can change.
    ...(side.plain ? [] : await ofIdentity(side, 'pod-identity')),
  ],
};

async function ofIdentity(side: Side, identity: Identity): Promise<readonly Figure[]> {
  return side.run({ awsMs: 1 }, async (running) => {
    await running.time(await running.pod('warm', { objects, identity }));
    const all = await running.pods('pod', pods, { objects, identity });
    const first = await count(side, running, all);
    const repeated = await count(side, running, all);
    return [...figures(`first mount, ${identity}`, first), ...figures(`repeated mount, ${identity}`, repeated)];
  });
}

interface Counts {
  readonly byAction: ReadonlyMap<string, number>;
  readonly connections: number;
}

/** Everything for each mount. */
async function count(side: Side, running: Running, mounted: readonly Pod[]): Promise<Counts> {
  const before = await side.standIn.connections();
  await side.standIn.forgetRequests();
  for (const pod of mounted) await running.time(pod);
  const byAction = new Map<string, number>();
  for (const { service, action } of await side.standIn.requests()) {
    const name = service === 'agent' ? 'Pod Identity Agent' : action;
    byAction.set(name, (byAction.get(name) ?? 0) + 1 / mounted.length);
  }
  return { byAction, connections: ((await side.standIn.connections()) - before) / mounted.length };
}

const actions = [
  'GetSecretValue',
  'DescribeSecret',
  'AssumeRoleWithWebIdentity',
  'Pod Identity Agent',
  'get serviceaccounts',
];

function figures(name: string, { byAction, connections }: Counts): readonly Figure[] {
  const known = actions.map((action): Figure => {
    return { name: `${name}: ${action}`, unit: 'calls', value: byAction.get(action) ?? 0 };
  });
  const others = [...byAction].filter(([action]) => !actions.includes(action)).map(([, value]) => value);
  return [
    ...known,
    { name: `${name}: other calls`, unit: 'calls', value: sum(others) },
    { name: `${name}: new connections`, unit: 'connections', value: connections },
  ];
}
