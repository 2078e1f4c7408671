/** The whole program on one screen: a mount is one pass through named steps, and nothing is written before the last. */
import path from 'node:path';
import { combineErrors, ProviderError } from '../errors.js';
import type { Logger } from '../log.js';
import { bindRegions } from './bind.js';
import { extractValues } from './extract.js';
import { planFiles } from './plan.js';
import { WorkPlaces, type WorkPlace } from './places.js';
import { openMountCall, parseClass } from './request/request.js';
import { Turns } from './turns.js';
import { deliver, type DeliverOptions } from './volume/deliver.js';
import { HeldFiles } from './volume/held.js';
import type { ExpressionEngine, FetchOrder, Identities, Identity, Mount, MountContext, SecretSource } from './ports.js';
import type { FetchedObject, FetchItem, MountReply, MountRequest, Pod } from './types.js';

export interface MountOptions extends DeliverOptions {
  readonly identities: Identities;
  readonly source: SecretSource;
  readonly engine: ExpressionEngine;
  /** Mounts at work at once; those that wait for the outside do not count. */
  readonly maxConcurrentMounts: number;
  readonly log: Logger;
}

/** Wires the steps; the returned function throws ProviderError, or what is our own bug. */
export function createMount(options: MountOptions): Mount {
  const turns = new Turns();
  const held = new HeldFiles();
  const places = new WorkPlaces({ places: options.maxConcurrentMounts, log: options.log });
  return async (call, context) => {
    const envelope = openMountCall(call);
    notePod(envelope.pod, context);
    const work = () =>
      places.run(envelope.pod.namespace, context, (place) => {
        const request = parseClass(envelope, options);
        noteRequest(request, context);
        return mountVolume(request, context, { ...options, held, place });
      });
    // When the driver writes, calls for one target share nothing here and need not wait for each other.
    return options.driverWrites ? work() : turns.take(path.resolve(call.targetPath), context.signal, work);
  };
}

interface VolumeOptions extends MountOptions {
  readonly held: HeldFiles;
  readonly place: WorkPlace;
}

async function mountVolume(request: MountRequest, context: MountContext, options: VolumeOptions): Promise<MountReply> {
  const { identities, source, place, volume, held } = options;
  if (!options.driverWrites) await volume.check(request.targetPath);
  const [regions, identity] = await place.outside(() =>
    both(identities.resolveRegions(request, context), identities.resolveIdentity(request, context)),
  );
  context.note({ region: regions.primary, ...(regions.failover && { failoverRegion: regions.failover }) });
  const bound = bindRegions(request, regions);
  const items = options.driverWrites ? bound : await held.addTo(bound, request, volume);
  const fetched = await place.outside(
    () => source.fetch(fetchOrder(items, identity, request), context),
    ({ release }) => {
      release();
    },
  );
  try {
    const reply = await makeFiles(request, fetched.objects, context, options);
    fetched.delivered();
    if (!options.driverWrites) await held.remember(items, fetched.objects, request);
    return reply;
  } finally {
    // What the driver writes is in memory until it has left for the driver.
    if (options.driverWrites) context.afterAnswer(fetched.release);
    else fetched.release();
  }
}

async function makeFiles(
  request: MountRequest,
  fetched: readonly FetchedObject[],
  context: MountContext,
  options: VolumeOptions,
): Promise<MountReply> {
  // An expression has a thread of its own, and whoever waits for one holds no place.
  const engine: ExpressionEngine = {
    evaluate: (...job) => options.place.outside(() => options.engine.evaluate(...job)),
  };
  const extracted = await extractValues(request.objects, fetched, engine, request.pod.namespace, context.signal);
  const files = planFiles(request.objects, fetched, extracted);
  context.signal.throwIfAborted();
  return deliver(files, request.targetPath, context, options);
}

function fetchOrder(items: readonly FetchItem[], identity: Identity, request: MountRequest): FetchOrder {
  // Kubelet's path holds the pod's uid and the volume's name; the uid again, for paths that others make.
  const volume = JSON.stringify([request.pod.uid, path.resolve(request.targetPath)]);
  const { namespace } = request.pod;
  return { items, identity, namespace, volume, revalidate: request.currentVersions.size > 0 };
}

function notePod({ namespace, name, uid, serviceAccount }: Pod, context: MountContext): void {
  context.note({ namespace, pod: name, podUid: uid, serviceAccount });
}

function noteRequest(request: MountRequest, context: MountContext): void {
  context.note({ objects: request.objects.length, auth: request.usePodIdentity ? 'pod-identity' : 'irsa' });
  for (const warning of request.warnings) context.warn(warning);
}

/** Both values; when both fail, both causes are told at once. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const results = await Promise.allSettled([first, second]);
  const errors: ProviderError[] = [];
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    // Anything else is a bug of ours, and told as such.
    if (!(result.reason instanceof ProviderError)) throw result.reason as Error;
    errors.push(result.reason);
  }
  if (errors.length > 0) throw combineErrors(errors);
  return Promise.all([first, second]);
}
