/** Calls a second of a whole cluster, for one region: steady rotation, a roll-out, a region that is down. */
import { callsOf, facts, type Action } from './facts.js';

export interface Cluster {
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly secretsPerPod: number;
  /** Pods of one service account, with the same secrets, on one node. Always 1 with Pod Identity, which shares nothing. */
  readonly sharingPods: number;
}

/** Calls a second. */
export type Rates = Readonly<Record<Action, number>>;

const { calls, times, prices, attempts } = facts;
const hoursPerMonth = 730;

/**
 * Seconds from one mount of a volume to the next: kubelet's calls come in steps, and the driver lets the first one
 * through that is not earlier than its interval.
 */
export function remountSeconds(intervalMinutes: number): number {
  return Math.ceil((intervalMinutes * 60) / times.kubelet) * times.kubelet;
}

/**
 * Seconds from one call for a secret to the next, for pods that share answers and are spread evenly. A pod takes a kept
 * answer that is young enough and newer than its own last one. So one call serves the mounts of the others within the
 * life of the answer, and at the latest the pod that made it makes the next.
 */
export function sharedSeconds(remount: number, sharingPods: number): number {
  const distance = remount / sharingPods;
  return Math.min(remount, Math.ceil(times.cacheTtl / distance) * distance);
}

/** Steady rotation with this provider. */
export function rotationOfThis(cluster: Cluster, intervalMinutes: number): Rates {
  const remount = remountSeconds(intervalMinutes);
  const every = sharedSeconds(remount, cluster.sharingPods);
  const groups = (cluster.nodes * cluster.podsPerNode) / cluster.sharingPods;
  const perGroup = callsOf(calls.thisProvider.revalidated, 'DescribeSecret', cluster.secretsPerPod);
  // The first call that finds its value an hour old fetches it.
  const fetchEvery = stepsOf(every, times.fetchAtLatest);
  const fetches = (groups * callsOf(calls.thisProvider.first, 'GetSecretValue', cluster.secretsPerPod)) / fetchEvery;
  return {
    GetSecretValue: fetches,
    DescribeSecret: Math.max(0, (groups * perGroup) / every - fetches),
    AssumeRoleWithWebIdentity: exchanges(cluster, stepsOf(remount, times.token)),
  };
}

/** Steady rotation with a provider that reads everything at every mount. */
export function rotationOfOther(cluster: Cluster, intervalMinutes: number): Rates {
  return everyMount((cluster.nodes * cluster.podsPerNode) / remountSeconds(intervalMinutes), cluster.secretsPerPod);
}

/** All pods anew, evenly within some minutes; no pod finds anything kept, for either provider. */
export function rollOut(cluster: Cluster, minutes: number): Rates {
  return everyMount((cluster.nodes * cluster.podsPerNode) / (minutes * 60), cluster.secretsPerPod);
}

/**
 * Calls that reach a region that fails every one of them, from classes that name a second region. Nothing is kept of a
 * failure, so pods share nothing, and each call is tried again. The second region has the calls that it has anyway.
 */
export function regionDown(cluster: Cluster, intervalMinutes: number): Rates {
  const mounts = (cluster.nodes * cluster.podsPerNode) / remountSeconds(intervalMinutes);
  const perMount = callsOf(calls.thisProvider.revalidated, 'DescribeSecret', cluster.secretsPerPod);
  return {
    GetSecretValue: 0,
    DescribeSecret: mounts * perMount * attempts,
    AssumeRoleWithWebIdentity: exchanges(cluster, stepsOf(remountSeconds(intervalMinutes), times.token)) * attempts,
  };
}

/** GetParameters a second: five parameters of a pod are one call, and there is no call that only compares. */
export function parameterCalls(cluster: Cluster, intervalMinutes: number): number {
  const every = sharedSeconds(remountSeconds(intervalMinutes), cluster.sharingPods);
  return (cluster.nodes * cluster.podsPerNode) / cluster.sharingPods / every;
}

export interface Cost {
  readonly callsPerMonth: number;
  readonly dollars: number;
  /** More, where the secrets are encrypted with a customer managed key. */
  readonly dollarsForKms: number;
}

/** A month of 730 hours; STS is free and not counted. */
export function costOf({ GetSecretValue, DescribeSecret }: Rates): Cost {
  const perMonth = (rate: number) => rate * 3600 * hoursPerMonth;
  const callsPerMonth = perMonth(GetSecretValue + DescribeSecret);
  return {
    callsPerMonth,
    dollars: (callsPerMonth / 10_000) * prices.secretsManager,
    dollarsForKms: (perMonth(GetSecretValue) / 10_000) * prices.kmsDecrypt,
  };
}

function everyMount(mounts: number, secrets: number): Rates {
  const { every } = calls.keepsNothing;
  return {
    GetSecretValue: mounts * callsOf(every, 'GetSecretValue', secrets),
    DescribeSecret: 0,
    AssumeRoleWithWebIdentity: mounts * callsOf(every, 'AssumeRoleWithWebIdentity', secrets),
  };
}

function exchanges({ nodes, podsPerNode, secretsPerPod }: Cluster, every: number): number {
  return (nodes * podsPerNode * callsOf(calls.thisProvider.first, 'AssumeRoleWithWebIdentity', secretsPerPod)) / every;
}

/** The first multiple of a step that is not below a time. */
function stepsOf(step: number, time: number): number {
  return Math.ceil(time / step) * step;
}
