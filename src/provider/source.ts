/** Fetches the objects of a mount from Secrets Manager and Parameter Store, from two regions where there are two. */
import type { AwsSettings } from '../aws-settings.js';
import * as budgets from '../budgets.js';
import { startFairTimer } from '../fair-timer.js';
import type { Logger } from '../log.js';
import type { Fetched, FetchOrder, MountContext, SecretSource } from '../mount/ports.js';
import type { FetchedObject, FetchItem, ObjectQuery } from '../mount/types.js';
import type { AwsRequestHandler } from '../network/transport.js';
import type { Paces } from '../pace.js';
import { CallGate, type GatePass } from './calls/call-gate.js';
import { AwsClients } from './calls/clients.js';
import { hearBoth, judgeAlone, type Verdict } from './failover.js';
import type { Failure, Outcome } from './failure.js';
import { startFetchClock } from './fetch-clock.js';
import { KeptValues } from './values/kept-values.js';
import { orLastResort } from './last-resort.js';
import { ParameterStore } from './parameter-store.js';
import { askAll } from './questions.js';
import { Region, type RegionOptions } from './calls/region.js';
import { conclude } from './report.js';
import { SecretsManager } from './secrets-manager.js';
import { ValueCache, type ValueCacheOptions } from './values/value-cache.js';
import { VolumeMemory } from './values/volume-memory.js';

export interface SecretSourceOptions {
  readonly aws: AwsSettings;
  readonly requestHandler: AwsRequestHandler;
  /** How long a mount that one region can serve waits for the other, in milliseconds. */
  readonly failoverTimeoutMs: number;
  /** A denial by the failover region does not fail a mount that the primary region serves. */
  readonly tolerateFailoverDenied: boolean;
  readonly cache: ValueCacheOptions;
  /** How it is found out whether a kept value is still current: by DescribeSecret, or never, and it is fetched. */
  readonly revalidate: 'describe' | 'fetch';
  readonly paces: Paces;
  readonly log: Logger;
  /** For tests; each defaults to its budget. */
  readonly limits?: Partial<SourceLimits>;
}

export interface SourceLimits {
  /** Longest time for one attempt at a call, in milliseconds. */
  readonly attemptMs: number;
  /** Attempts at one call. */
  readonly attempts: number;
  /** Calls of one mount that are under way at once, all regions together. */
  readonly callsAtOnce: number;
}

export function createSecretSource(options: SecretSourceOptions): SecretSource {
  return new AwsSource(options);
}

/** Clients, calls in flight and kept values live as long as the source. */
class AwsSource implements SecretSource {
  readonly #options: SecretSourceOptions;
  readonly #limits: SourceLimits;
  readonly #services: { readonly secretsManager: SecretsManager; readonly parameterStore: ParameterStore };
  readonly #cache: ValueCache;
  readonly #volumes = new VolumeMemory();
  readonly #gate = new CallGate();

  constructor(options: SecretSourceOptions) {
    this.#options = options;
    this.#limits = {
      attemptMs: budgets.awsAttemptMs,
      attempts: budgets.awsAttempts,
      callsAtOnce: budgets.awsCallsPerMount,
      ...options.limits,
    };
    const clients = new AwsClients({ ...options, attempts: this.#limits.attempts });
    this.#services = {
      secretsManager: new SecretsManager(clients, { describe: options.revalidate === 'describe', log: options.log }),
      parameterStore: new ParameterStore(clients),
    };
    this.#cache = new ValueCache(options.cache);
  }

  async fetch(order: FetchOrder, context: MountContext): Promise<Fetched> {
    context.signal.throwIfAborted();
    const { identity, namespace, volume, revalidate } = order;
    const values = new KeptValues({ cache: this.#cache, volumes: this.#volumes, identity, volume, revalidate });
    const pass = this.#gate.enter(namespace, (kind) => context.startWait(kind));
    try {
      const objects = await this.#ask(order, context, { values, pass });
      if (values.reused > 0) context.note({ reused: values.reused });
      return {
        objects,
        delivered: () => {
          values.delivered();
        },
        release: () => {
          pass.end();
        },
      };
    } catch (error) {
      pass.end();
      throw error;
    }
  }

  async #ask(
    { items, identity }: FetchOrder,
    context: MountContext,
    { values, pass }: { readonly values: KeptValues; readonly pass: GatePass },
  ): Promise<readonly FetchedObject[]> {
    const { cache, failoverTimeoutMs, paces } = this.#options;
    const clock = startFetchClock(context);
    const patience = startPatience(items, failoverTimeoutMs);
    try {
      // With another region, or a value that is kept for such times, the SDK's few attempts are enough.
      const isPatient = cache.staleMs === 0 && !items.some((item) => item.failover);
      const shared = { identity, context: clock.context, gate: this.#gate, pass, paces, isPatient };
      const regions = regionsOf(items, { ...shared, limits: this.#limits });
      const outcomeOf = askAll({ items, regions, values, ...this.#services });
      const verdicts = await Promise.all(
        items.map((item) => decide(item, outcomeOf, { ...this.#options, regions, values, patience: patience.end })),
      );
      // A mount that was stopped fails with the reason for that, whatever its calls made of it.
      context.signal.throwIfAborted();
      return conclude(items, verdicts, context);
    } finally {
      patience.cancel();
      clock.stop();
    }
  }
}

function regionsOf(
  items: readonly FetchItem[],
  options: Omit<RegionOptions, 'region' | 'role' | 'callsAtOnce' | 'attemptMs'> & { readonly limits: SourceLimits },
): ReadonlyMap<string, Region> {
  const { limits, ...shared } = options;
  const primary = new Set(items.map((item) => item.primary.region));
  const all = new Set([...primary, ...items.flatMap(({ failover }) => (failover ? [failover.region] : []))]);
  // A share for each region: the calls of one that hangs must not keep the other's from going out.
  const callsAtOnce = Math.max(1, Math.floor(limits.callsAtOnce / all.size));
  const { attemptMs } = limits;
  return new Map(
    [...all].map((region) => {
      const role = primary.has(region) ? 'primary' : 'failover';
      return [region, new Region({ region, role, callsAtOnce, attemptMs, ...shared })];
    }),
  );
}

/** One timer for the whole mount, counted from its start: not each object may wait for a region that hangs. */
function startPatience(
  items: readonly FetchItem[],
  timeoutMs: number,
): { readonly end: Promise<void>; readonly cancel: () => void } {
  let cancel = (): void => undefined;
  const end = new Promise<void>((resolve) => {
    if (items.some((item) => item.failover)) cancel = startFairTimer(timeoutMs, resolve);
  });
  return {
    end,
    cancel: () => {
      cancel();
    },
  };
}

interface DecideOptions extends SecretSourceOptions {
  readonly regions: ReadonlyMap<string, Region>;
  readonly values: KeptValues;
  readonly patience: Promise<void>;
}

async function decide(
  item: FetchItem,
  outcomeOf: (query: ObjectQuery) => Promise<Outcome>,
  options: DecideOptions,
): Promise<Verdict> {
  const { primary, failover } = item;
  if (!failover) return orLastResort(judgeAlone(await outcomeOf(primary)), item, options);
  const hung = ({ region }: ObjectQuery) =>
    hungFailure(options.regions.get(region)?.display ?? region, options.failoverTimeoutMs);
  const verdict = await hearBoth({
    primary: outcomeOf(primary),
    failover: outcomeOf(failover),
    patience: options.patience,
    hung: { primary: hung(primary), failover: hung(failover) },
    tolerateDenied: options.tolerateFailoverDenied,
  });
  return orLastResort(verdict, item, options);
}

function hungFailure(where: string, timeoutMs: number): Failure {
  return {
    code: 'aws_unavailable',
    final: false,
    denied: false,
    wholeRegion: false,
    text: `no answer from ${where} within the failover time-out of ${timeoutMs} ms`,
    requestIds: [],
  };
}
