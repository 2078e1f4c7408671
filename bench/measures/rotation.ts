/** Calls of steady rotation: 10 pods with 5 secrets, mounted again every 75 s, spread over that time or all together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedRequest } from '../../src/local/types.js';
import type { Figure, Measure } from '../measure.js';
import type { Running, Side } from '../side.js';
import type { Pod, ServiceAccount } from '../world.js';

/** How often kubelet and the driver together let a mount through, about. */
const periodMs = 75_000;
const pods = 10;
/** Rounds that are counted; the first mounts come before them. */
const rounds = 2;

export const rotation: Measure = {
  name: 'rotation',
  about:
    '10 pods of one service account, 5 secrets, mounted again every 75 s; counted in two such rounds, times 24 for an hour. What happens once an hour (tokens, the fetch of a value that is an hour old) is not in it',
  onlyWhenAsked: true,
  once: true,
  together: true,
  run: (side) => side.run({ awsMs: 20 }, (running) => rotate(side, running)),
};

async function rotate(side: Side, running: Running): Promise<readonly Figure[]> {
  const even = await running.pods('even', pods, { objects: 5, serviceAccount: 'even' });
  const bunched = await running.pods('bunched', pods, { objects: 5, serviceAccount: 'bunched' });
  const started = performance.now();
  // The first mounts of all pods are over a while before the first of them is mounted again.
  const clear = sleep(periodMs - 2000).then(() => side.standIn.forgetRequests());
  const mounts = [
    ...even.map((pod, index) => keepMounting(running, pod, started + (index * periodMs) / pods)),
    ...bunched.map((pod, index) => keepMounting(running, pod, started + index * 50)),
  ];
  await Promise.all([clear, ...mounts]);
  const requests = await side.standIn.requests();
  return [...figures('spread evenly', 'even', requests), ...figures('all within half a second', 'bunched', requests)];
}

async function keepMounting(running: Running, pod: Pod, firstAt: number): Promise<void> {
  for (let round = 0; round <= rounds; round += 1) {
    await sleep(Math.max(0, firstAt + round * periodMs - performance.now()));
    await running.time(pod);
  }
}

const hourMs = 3_600_000;

function figures(how: string, account: ServiceAccount, requests: readonly RecordedRequest[]): readonly Figure[] {
  const hourly = (isMeant: (request: RecordedRequest) => boolean) =>
    (requests.filter(isMeant).length * hourMs) / (rounds * periodMs);
  const isAws = ({ service, role }: RecordedRequest) =>
    service !== 'kubernetes' && role?.endsWith(`/${account}`) === true;
  return [
    { name: `${how}: AWS calls`, unit: 'calls/h', value: hourly(isAws), aim: { atMost: 360 }, plot: true },
    {
      name: `${how}: of them GetSecretValue`,
      unit: 'calls/h',
      value: hourly((request) => isAws(request) && request.action === 'GetSecretValue'),
      aim: { atMost: 0 },
    },
    {
      name: `${how}: Kubernetes calls`,
      unit: 'calls/h',
      value: hourly(({ service, objects }) => service === 'kubernetes' && objects.includes(`ns/${account}`)),
    },
  ];
}
