/** The examples that `try` shows, and what it plays beside them. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProviderError } from '../errors.js';

export interface Example {
  /** Folder under `examples/`. */
  readonly folder: string;
  /** Shown without `--all`. */
  readonly first: boolean;
  /** The region whose Secrets Manager fails meanwhile. */
  readonly outage?: string;
  /** The example is about this write mode. */
  readonly driverWrites?: boolean;
}

export const examples: readonly Example[] = [
  { folder: 'irsa', first: true },
  { folder: 'pod-identity', first: true },
  { folder: 'failover-region', first: true, outage: 'eu-west-1' },
  { folder: 'jmespath', first: true },
  { folder: 'failover-object', first: false, outage: 'eu-west-1' },
  { folder: 'versions-and-labels', first: false },
  { folder: 'subdirectories', first: false },
  { folder: 'sync-to-kubernetes-secret', first: false },
  { folder: 'secret-through-parameter-store', first: false },
  { folder: 'driver-writes', first: false, driverWrites: true },
];

/** The folder with the class that must fail. */
export const mistakeFolder = 'mistake';

/**
 * The directory that holds `examples/` and `dist/`, found from wherever this code runs (bundled or not).
 * @throws ProviderError `invalid_request` when the command is not part of a checkout
 */
export function findRoot(from: string = import.meta.dirname): string {
  for (let directory = from; ; directory = path.dirname(directory)) {
    if (existsSync(path.join(directory, 'examples', 'store.yaml'))) return directory;
    if (directory === path.dirname(directory)) {
      throw new ProviderError('invalid_request', `no examples/store.yaml above ${from}: run this in a checkout`);
    }
  }
}

/** Path of an example's manifests relative to the root. */
export function exampleFile(folder: string): string {
  return path.join('examples', folder, 'manifests.yaml');
}
