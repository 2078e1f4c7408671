/**
 * A fleet of nodes that starts all its pods and asks for more than a quota gives, in virtual time. The paces, the
 * retries, the bound of calls under way and the quota are the code of the program, of the SDK and of the stand-in.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { constructStack, ServiceException } from '@smithy/core/client';
import { getRetryPlugin, isThrottlingError, resolveRetryConfig, type RetryResolvedConfig } from '@smithy/core/retry';
import type { MetadataBearer, Pluggable } from '@smithy/types';
import * as budgets from '../../src/budgets.js';
import { RateLimits } from '../../src/local/rate-limits.js';
import { silentLogger } from '../../src/log.js';
import { Paces } from '../../src/pace.js';
import { pacedAttempts } from '../../src/paced-attempts.js';
import { CallGate, type CallPlace, type GatePass } from '../../src/provider/calls/call-gate.js';
import { Party } from '../../src/provider/calls/party.js';
import { raceWithSignal } from '../../src/shared-calls.js';
import { inVirtualTime } from './virtual-time.js';

type SdkError = Parameters<typeof isThrottlingError>[0];

export interface Fleet {
  readonly nodes: number;
  /** Pods of each namespace on a node. */
  readonly namespaces: readonly number[];
  /** All in one mount. Pods share none of them, and each mount of a pod makes all of them. */
  readonly callsPerPod: number;
  /** The quota, in calls a second. */
  readonly perSecond: number;
  /** The pods start at any time within so many seconds. */
  readonly startWithinS: number;
}

/** What is done about throttling: the SDK's three attempts alone, or the pace. */
export type Manner = 'threeAttempts' | 'pace';

export interface StartedPod {
  readonly node: number;
  /** Its place in `namespaces`. */
  readonly namespace: number;
  /** When its volume was there, in seconds. */
  readonly atS: number;
  readonly failedMounts: number;
}

export interface RollOut {
  /** In the order in which they started. */
  readonly pods: readonly StartedPod[];
  /** Calls that reached AWS in each second. */
  readonly callsBySecond: readonly number[];
}

/** From a request to its answer it is about 20 ms. */
const shortestWayMs = 5;
const longestWayMs = 15;

/** Kubelet's pause after a mount that failed, which doubles each time. */
const kubeletPauseMs = 500;
const kubeletLongestPauseMs = 122_000;

const api = { action: 'ssm:GetParameters', account: '111122223333', region: 'us-west-2' };

/** @throws Error when it takes longer than three hours */
export async function rollOut(fleet: Fleet, manner: Manner, seed: number): Promise<RollOut> {
  return inVirtualTime({ seed, limitS: 3 * 3600 }, async () => {
    const aws = new Aws(fleet.perSecond);
    const pods: StartedPod[] = [];
    const starts: Promise<void>[] = [];
    for (let number = 0; number < fleet.nodes; number += 1) {
      const node = new ProviderOfNode(aws, manner);
      for (const namespace of fleet.namespaces.flatMap((count, index) => Array<number>(count).fill(index))) {
        const start = async (): Promise<void> => {
          await sleep(Math.random() * fleet.startWithinS * 1000);
          const failedMounts = await startPod(node, `ns-${String(namespace)}`, fleet.callsPerPod);
          pods.push({ node: number, namespace, atS: performance.now() / 1000, failedMounts });
        };
        starts.push(start());
      }
    }
    await Promise.all(starts);
    return { pods, callsBySecond: aws.callsBySecond };
  });
}

/** What kubelet does until a pod has its volume. @returns how many mounts failed before */
async function startPod(node: ProviderOfNode, namespace: string, calls: number): Promise<number> {
  // A pod has credentials of its own, and so a client of its own.
  const client = resolveRetryConfig({ retryMode: 'standard', maxAttempts: budgets.awsAttempts });
  for (let failed = 0; ; failed += 1) {
    if (await node.mount(namespace, client, calls)) return failed;
    await sleep(Math.min(kubeletPauseMs * 2 ** failed, kubeletLongestPauseMs));
  }
}

/** The provider on a node. */
class ProviderOfNode {
  readonly #aws: Aws;
  readonly #manner: Manner;
  readonly #gate = new CallGate();
  readonly #paces = new Paces(silentLogger);

  constructor(aws: Aws, manner: Manner) {
    this.#aws = aws;
    this.#manner = manner;
  }

  /** @returns false: AWS did not give everything */
  async mount(owner: string, client: RetryResolvedConfig, calls: number): Promise<boolean> {
    const controller = new AbortController();
    const { signal } = controller;
    // More calls than Node thinks usual may listen to it.
    setMaxListeners(0, signal);
    const pass = this.#gate.enter(owner, () => () => undefined);
    const late = new Error('the time of the mount is over');
    const end = setTimeout(() => {
      controller.abort(late);
    }, budgets.mountBudgetMs * budgets.fetchShare);
    const isThrottled = () => this.#manner === 'pace' && this.#paces.of(api).isSlow();
    const call = () =>
      this.#gate.run({ owner, region: api.region, party: new Party(pass), isThrottled }, signal, (place) =>
        raceWithSignal(this.#send(pass, client, { signal, place }), signal),
      );
    try {
      const outcomes = await Promise.allSettled(Array.from({ length: calls }, call));
      const reasons = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as SdkError] : [],
      );
      const foreign = reasons.find((reason) => reason !== late && !isThrottlingError(reason));
      if (foreign) throw foreign;
      return reasons.length === 0;
    } finally {
      clearTimeout(end);
      pass.end();
    }
  }

  /** The part of an SDK client that is about attempts. */
  async #send(
    pass: GatePass,
    client: RetryResolvedConfig,
    { signal, place }: { readonly signal: AbortSignal; readonly place: CallPlace },
  ): Promise<void> {
    const stack = constructStack<object, MetadataBearer>();
    stack.use(getRetryPlugin(client) as Pluggable<object, MetadataBearer>);
    stack.add((next) => next, { step: 'finalizeRequest', name: 'httpSigningMiddleware' });
    if (this.#manner === 'pace') {
      const pace = this.#paces.of(api);
      const waiting = () => {
        if (pace.isSlow()) place.moveToThrottled();
        return () => undefined;
      };
      stack.use(pacedAttempts({ pace, owner: pass.owner, mount: pass, signal, waiting, staysOn: () => true }));
    }
    await stack.resolve(() => this.#aws.answer(), {})({ input: {} });
  }
}

class Aws {
  /** Calls that arrived. */
  readonly callsBySecond: number[] = [];
  readonly #limits: RateLimits;

  constructor(perSecond: number) {
    this.#limits = new RateLimits({ ssm: perSecond });
  }

  async answer(): Promise<{ readonly response: object; readonly output: MetadataBearer }> {
    await way();
    const now = performance.now();
    const second = Math.floor(now / 1000);
    this.callsBySecond[second] = (this.callsBySecond[second] ?? 0) + 1;
    const isTaken = this.#limits.take({ service: 'ssm', ...api }, now);
    await way();
    if (isTaken) return { response: {}, output: { $metadata: {} } };
    throw new ServiceException({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
  }
}

async function way(): Promise<void> {
  await sleep(shortestWayMs + Math.random() * (longestWayMs - shortestWayMs));
}
