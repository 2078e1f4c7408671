/**
 * The part of the program that a mount needs and the start does not. Loading it costs more than all the rest (the AWS
 * SDK), so `main.ts` does that after the socket is served: on a node with little CPU a second counts.
 */
import { createIdentities } from './auth/identities.js';
import type { KubernetesApi } from './auth/kubernetes.js';
import type { Logger } from './log.js';
import { createExpressionEngine } from './mount/expression/expression-engine.js';
import { createMount } from './mount/mount.js';
import type { Mount } from './mount/ports.js';
import { createVolumeWriter } from './mount/volume/write.js';
import type { Network } from './network/network.js';
import type { Options } from './options/options.js';
import { Paces } from './pace.js';
import { createSecretSource } from './provider/source.js';
import { createTransport } from './network/transport.js';

/** What the start has checked already: nothing that the user has set can fail here. */
export interface MountParts {
  readonly kubernetes: KubernetesApi;
  readonly network: Network;
  /** The program of the worker that evaluates expressions. */
  readonly workerFile: string;
  readonly log: Logger;
}

/** The steps of a mount with what they need of the outside. */
export function composeMount(options: Options, { kubernetes, network, workerFile, log }: MountParts): Mount {
  const { aws, environmentRegion, nodeName } = options;
  const { requestHandler } = createTransport(network);
  // One for credentials and objects: they are told apart by their API.
  const paces = new Paces(log);
  return createMount({
    identities: createIdentities({
      kubernetes,
      aws,
      requestHandler,
      ...(environmentRegion !== undefined && { environmentRegion }),
      ...(nodeName !== undefined && { nodeName }),
      paces,
      podIdentity: { ...options.podIdentity, connectTimeoutMs: 500 },
      log,
    }),
    source: createSecretSource({
      aws,
      requestHandler,
      failoverTimeoutMs: options.failoverTimeoutMs,
      tolerateFailoverDenied: options.tolerateFailoverDenied,
      cache: { ttlMs: options.secretCacheTtlMs, staleMs: options.serveStaleForMs, maxBytes: options.secretCacheBytes },
      revalidate: options.revalidate,
      paces,
      log,
    }),
    engine: createExpressionEngine({ workerFile, log }),
    volume: createVolumeWriter({ pruneRemovedFiles: options.pruneRemovedFiles }),
    driverWrites: options.driverWrites,
    maxReplyBytes: options.maxReplyBytes,
    maxConcurrentMounts: options.maxConcurrentMounts,
    log,
  });
}
