/** Identities and items for tests of the provider's side. */
import { randomUUID } from 'node:crypto';
import type { AwsCredentials, Identity, MountContext, SecretSource } from '../../src/mount/ports.js';
import type { FetchedObject, FetchItem, ObjectQuery } from '../../src/mount/types.js';
import { createSecretSource, type SecretSourceOptions } from '../../src/provider/source.js';
import { silentLogger } from '../../src/log.js';
import { Paces } from '../../src/pace.js';
import { Secret } from '../../src/secret.js';
import type { AwsEndpoint } from './aws-endpoint.js';

export const primaryRegion = 'us-west-2';
export const failoverRegion = 'eu-west-1';

export interface FakeIdentity extends Identity {
  /** Regions whose credentials were asked for, in order. */
  readonly asked: string[];
  /** Access keys that were dropped, in order. */
  readonly dropped: string[];
}

export interface FakeIdentityOptions {
  readonly key?: string;
  /** Replaces the credentials, or fails in their place. */
  readonly credentials?: (region: string, context: MountContext) => Promise<AwsCredentials>;
}

/** Gives credentials `<KEY>1`, and after each drop in a region the next number. */
export function fakeIdentity(options: FakeIdentityOptions = {}): FakeIdentity {
  const key = options.key ?? 'AKID';
  const kept = new Map<string, AwsCredentials>();
  const asked: string[] = [];
  const dropped: string[] = [];
  return {
    auth: 'irsa',
    display: 'role arn:aws:iam::111122223333:role/app',
    key,
    principal: key,
    shares: true,
    asked,
    dropped,
    credentials: (region, context) => {
      asked.push(region);
      if (options.credentials) return options.credentials(region, context);
      const known = kept.get(region) ?? credentials(`${key}${dropped.length + 1}`);
      kept.set(region, known);
      return Promise.resolve(known);
    },
    drop: (region, { accessKeyId }) => {
      dropped.push(accessKeyId);
      if (kept.get(region)?.accessKeyId === accessKeyId) kept.delete(region);
    },
  };
}

export function credentials(accessKeyId: string): AwsCredentials {
  return { accessKeyId, secretAccessKey: new Secret('secret-key'), sessionToken: new Secret('session-token') };
}

export function secret(name: string, rest: Partial<ObjectQuery> = {}): ObjectQuery {
  return { type: 'secretsmanager', region: primaryRegion, name, ...rest };
}

export function parameter(name: string, rest: Partial<ObjectQuery> = {}): ObjectQuery {
  return { type: 'ssmparameter', region: primaryRegion, name, ...rest };
}

export function items(...queries: readonly ObjectQuery[]): FetchItem[] {
  return queries.map((primary, index) => ({ index, primary }));
}

/** The same object in both regions. */
export function failoverItem(query: ObjectQuery, index = 0): FetchItem {
  return { index, primary: query, failover: { ...query, region: failoverRegion } };
}

/** A source with what the tests of single fetches need of it. */
export interface TestSource {
  readonly source: SecretSource;
  /** The objects as a volume gets them that was never mounted before. */
  readonly fetch: (
    items: readonly FetchItem[],
    identity: Identity,
    context: MountContext,
  ) => Promise<readonly FetchedObject[]>;
}

export function sourceAt(endpoint: AwsEndpoint, options: Partial<SecretSourceOptions> = {}): TestSource {
  const source = createSecretSource({
    aws: {
      useFips: false,
      useDualstack: false,
      stsFips: true,
      endpoints: { secretsManager: endpoint.url, ssm: endpoint.url },
      appId: 'secrets-store-csi-driver-provider-aws-test',
    },
    requestHandler: endpoint.requestHandler,
    failoverTimeoutMs: 5_000,
    tolerateFailoverDenied: false,
    cache: { ttlMs: 60_000, staleMs: 0, maxBytes: 4 * 1024 * 1024 },
    revalidate: 'describe',
    paces: new Paces(silentLogger),
    log: silentLogger,
    ...options,
  });
  return {
    source,
    fetch: async (items, identity, context) => {
      const revalidate = items.some(({ held }) => held);
      const order = { items, identity, namespace: 'ns', volume: randomUUID(), revalidate };
      const { objects, release } = await source.fetch(order, context);
      release();
      return objects;
    },
  };
}
