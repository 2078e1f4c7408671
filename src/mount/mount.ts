/** The whole program on one screen: a mount is one pass through named steps, and nothing is written before the last. */
import path from 'node:path';
import { combineErrors, ProviderError } from '../errors.js';
import { bindRegions } from './bind.js';
import { extractValues } from './extract.js';
import { planFiles } from './plan.js';
import { parseMountRequest } from './request/request.js';
import { Turns } from './turns.js';
import { deliver, type DeliverOptions } from './volume/deliver.js';
import { HeldFiles } from './volume/held.js';
import type {
  ExpressionEngine,
  FetchItem,
  FetchOrder,
  Identities,
  Identity,
  Mount,
  MountContext,
  MountReply,
  MountRequest,
  Pod,
  SecretSource,
} from './types.js';

export interface MountOptions extends DeliverOptions {
  readonly identities: Identities;
  readonly source: SecretSource;
  readonly engine: ExpressionEngine;
}

/** Wires the steps; the returned function throws ProviderError, or what is our own bug. */
export function createMount(options: MountOptions): Mount {
  const turns = new Turns();
  const held = new HeldFiles();
  return async (call, context) => {
    const request = parseMountRequest(call, {
      driverWrites: options.driverWrites,
      onPod: (pod) => {
        notePod(pod, context);
      },
    });
    noteRequest(request, context);
    const work = () => mountVolume(request, context, { ...options, held });
    // When the driver writes, calls for one target share nothing here and need not wait for each other.
    return options.driverWrites ? work() : turns.take(path.resolve(request.targetPath), context.signal, work);
  };
}

interface VolumeOptions extends MountOptions {
  readonly held: HeldFiles;
}

async function mountVolume(request: MountRequest, context: MountContext, options: VolumeOptions): Promise<MountReply> {
  if (!options.driverWrites) await options.volume.check(request.targetPath);
  const [regions, identity] = await both(
    options.identities.resolveRegions(request, context),
    options.identities.resolveIdentity(request, context),
  );
  context.note({ region: regions.primary, ...(regions.failover && { failoverRegion: regions.failover }) });
  const bound = bindRegions(request, regions);
  const items = options.driverWrites ? bound : await options.held.addTo(bound, request, options.volume);
  const { objects, delivered } = await options.source.fetch(fetchOrder(items, identity, request), context);
  const extracted = await extractValues(
    request.objects,
    objects,
    options.engine,
    request.pod.namespace,
    context.signal,
  );
  const files = planFiles(request.objects, objects, extracted);
  context.signal.throwIfAborted();
  const reply = await deliver(files, request.targetPath, context, options);
  delivered();
  if (!options.driverWrites) await options.held.remember(items, objects, request);
  return reply;
}

function fetchOrder(items: readonly FetchItem[], identity: Identity, request: MountRequest): FetchOrder {
  // Kubelet's path holds the pod's uid and the volume's name; the uid again, for paths that others make.
  const volume = JSON.stringify([request.pod.uid, path.resolve(request.targetPath)]);
  return { items, identity, volume, revalidate: request.currentVersions.size > 0 };
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
