/** Merges a document into a store, and so turns a changed value into a new version as a rotation would. */
import { createHash, randomUUID } from 'node:crypto';
import type {
  Entries,
  ParameterDocument,
  RoleDocument,
  SecretDocument,
  SecretVersionDocument,
  StatementDocument,
  StoreDocument,
} from './store-document.js';
import { parameterKey, roleAnnotation, wildcard } from './store.js';
import type {
  Store,
  StoredParameter,
  StoredRole,
  StoredSecret,
  StoredSecretVersion,
  StoredStatement,
} from './store.js';

export interface MergeOptions {
  /** What the store holds now; absent at the start. */
  readonly previous?: Store;
  /** Entries that the document does not name stay. */
  readonly keep: boolean;
  /** Milliseconds since 1970, for the dates of what is new. */
  readonly now: number;
}

interface Place {
  readonly account: string;
  readonly partition: string;
  readonly now: number;
}

/** The store after a checked document; `previous` is left as it is. */
export function mergeStore(document: StoreDocument, options: MergeOptions): Store {
  const { previous, keep, now } = options;
  const account = document.account ?? previous?.account ?? '111122223333';
  const partition = document.partition ?? previous?.partition ?? 'aws';
  const place = { account, partition, now };
  const old = keep ? previous : undefined;
  const roleArn = (role: string) => (role.startsWith('arn:') ? role : `arn:${partition}:iam::${account}:role/${role}`);
  return {
    account,
    partition,
    secrets: mergeRegions(document.secrets, previous?.secrets, keep, (item, before, region, name) =>
      mergeSecret(item, before, { ...place, region, name }),
    ),
    parameters: mergeRegions(
      document.parameters,
      previous?.parameters,
      keep,
      (item, before, region, name) => mergeParameter(item, before, { ...place, region, name }),
      parameterKey,
    ),
    roles: mergeEntries(document.roles, old?.roles, (item, _, role) => newRole(roleArn(role), item), roleArn),
    serviceAccounts: mergeEntries(document.serviceAccounts, old?.serviceAccounts, (item, before, key) => ({
      ...splitPair(key),
      uid: item.uid ?? before?.uid ?? derivedUuid(`serviceaccount/${key}`),
      annotations: {
        ...item.annotations,
        ...(item.role === undefined ? {} : { [roleAnnotation]: roleArn(item.role) }),
      },
    })),
    pods: mergeEntries(document.pods, old?.pods, (item, before, key) => ({
      ...splitPair(key),
      uid: item.uid ?? before?.uid ?? derivedUuid(`pod/${key}`),
      node: item.node,
      serviceAccount: item.serviceAccount ?? 'default',
    })),
    nodes: mergeEntries(document.nodes, old?.nodes, (item) => ({
      ...(item.region === undefined ? {} : { 'topology.kubernetes.io/region': item.region }),
      ...item.labels,
    })),
    associations: mergeEntries(document.podIdentityAssociations, old?.associations, roleArn),
    kubernetesDeny: new Set(document.kubernetes?.deny ?? old?.kubernetesDeny ?? []),
  };
}

/** A UUID that is the same for the same text in every process. */
export function derivedUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function splitPair(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

function mergeEntries<Item, Stored>(
  items: Entries<Item> | undefined,
  old: ReadonlyMap<string, Stored> | undefined,
  make: (item: Item, before: Stored | undefined, key: string) => Stored,
  keyOf: (key: string) => string = (key) => key,
): ReadonlyMap<string, Stored> {
  const merged = new Map(old);
  for (const [name, item] of Object.entries(items ?? {})) {
    const key = keyOf(name);
    if (item === null) merged.delete(key);
    else merged.set(key, make(item, merged.get(key), name));
  }
  return merged;
}

/** Versions live on in entries that a `replace` names again, so `before` is looked up even when nothing is kept. */
function mergeRegions<Item, Stored>(
  items: Readonly<Record<string, Entries<Item>>> | undefined,
  old: ReadonlyMap<string, ReadonlyMap<string, Stored>> | undefined,
  keep: boolean,
  make: (item: Item, before: Stored | undefined, region: string, name: string) => Stored,
  keyOf: (key: string) => string = (key) => key,
): ReadonlyMap<string, ReadonlyMap<string, Stored>> {
  const merged = new Map(keep ? old : undefined);
  for (const [region, named] of Object.entries(items ?? {})) {
    const before = old?.get(region);
    const regional = mergeEntries(
      named,
      keep ? before : undefined,
      (item, _, name) => make(item, before?.get(keyOf(name)), region, name),
      keyOf,
    );
    merged.set(region, regional);
  }
  return merged;
}

interface NamedPlace extends Place {
  readonly region: string;
  readonly name: string;
}

function mergeSecret(item: string | SecretDocument, before: StoredSecret | undefined, place: NamedPlace): StoredSecret {
  const document = typeof item === 'string' ? { value: item } : item;
  const account = document.account ?? place.account;
  const suffix = document.suffix ?? arnSuffix(`${account}/${place.name}`);
  return {
    name: place.name,
    account,
    arn: `arn:${place.partition}:secretsmanager:${place.region}:${account}:secret:${place.name}-${suffix}`,
    createdAt: before?.createdAt ?? place.now,
    deletedAt: document.deleted === true ? (before?.deletedAt ?? place.now) : undefined,
    versions: document.versions
      ? listedVersions(document.versions, before, place.now)
      : rotatedVersions(valueOf(document), before, place.now),
  };
}

/** Replicas in other regions keep name and suffix, so the suffix depends on nothing else. */
function arnSuffix(text: string): string {
  return createHash('sha256').update(text).digest('base64').replace(/[+/=]/g, '').slice(0, 6);
}

function valueOf(document: SecretVersionDocument): string | Buffer {
  return document.binary === undefined ? (document.value ?? '') : Buffer.from(document.binary, 'base64');
}

function sameValue(one: string | Buffer, other: string | Buffer): boolean {
  return typeof one === typeof other && Buffer.from(one).equals(Buffer.from(other));
}

function listedVersions(
  versions: readonly SecretVersionDocument[],
  before: StoredSecret | undefined,
  now: number,
): readonly StoredSecretVersion[] {
  return versions.map((version, index) => {
    const value = valueOf(version);
    const known = before?.versions.find((old) => sameValue(old.value, value));
    return {
      id: version.id ?? known?.id ?? randomUUID(),
      stages: version.stages ?? defaultStages(versions.length - 1 - index),
      value,
      createdAt: known?.createdAt ?? now,
    };
  });
}

function defaultStages(fromLast: number): readonly string[] {
  if (fromLast === 0) return ['AWSCURRENT'];
  return fromLast === 1 ? ['AWSPREVIOUS'] : [];
}

function rotatedVersions(
  value: string | Buffer,
  before: StoredSecret | undefined,
  now: number,
): readonly StoredSecretVersion[] {
  const current = before?.versions.find((version) => version.stages.includes('AWSCURRENT'));
  if (before && current && sameValue(current.value, value)) return before.versions;
  const older = (before?.versions ?? []).map((version) => {
    const stages = version.stages.filter((stage) => stage !== 'AWSPREVIOUS' && stage !== 'AWSCURRENT');
    return { ...version, stages: version === current ? [...stages, 'AWSPREVIOUS'] : stages };
  });
  return [...older, { id: randomUUID(), stages: ['AWSCURRENT'], value, createdAt: now }];
}

function mergeParameter(
  item: string | ParameterDocument,
  before: StoredParameter | undefined,
  place: NamedPlace,
): StoredParameter {
  const document = typeof item === 'string' ? { value: item } : item;
  const path = place.name.startsWith('/') ? place.name : `/${place.name}`;
  return {
    name: place.name,
    arn: `arn:${place.partition}:ssm:${place.region}:${place.account}:parameter${path}`,
    type: document.type ?? before?.type ?? 'String',
    versions: parameterVersions(document, before, place.now),
  };
}

function parameterVersions(document: ParameterDocument, before: StoredParameter | undefined, now: number) {
  if (document.versions) {
    let last = 0;
    return document.versions.map(({ value, version, labels }) => {
      last = version ?? last + 1;
      return { version: last, labels: labels ?? [], value, modifiedAt: now };
    });
  }
  const value = document.value ?? '';
  const old = before?.versions ?? [];
  const current = old.at(-1);
  if (current?.value === value) return old;
  return [...old, { version: (current?.version ?? 0) + 1, labels: [], value, modifiedAt: now }];
}

const everything: StatementDocument = {
  actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret', 'ssm:GetParameters', 'kms:Decrypt'],
};

function newRole(arn: string, document: RoleDocument): StoredRole {
  return {
    arn,
    account: arn.split(':')[4] ?? '',
    name: arn.slice(arn.lastIndexOf('/') + 1),
    trust: document.trust,
    allow: (document.allow ?? [everything]).map(newStatement),
    deny: (document.deny ?? []).map(newStatement),
  };
}

function newStatement(document: StatementDocument): StoredStatement {
  const resources = document.resources ?? ['*'];
  const isArn = (resource: string) => resource === '*' || resource.startsWith('arn:');
  return {
    actions: document.actions.map(wildcard),
    resources: resources.filter(isArn).map(wildcard),
    names: resources.filter((resource) => !isArn(resource)).map((name) => wildcard(parameterKey(name))),
    regions: document.regions,
  };
}
