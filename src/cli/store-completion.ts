/** Adds to a store what Kubernetes and IAM hold once the manifests are applied, as far as the store does not say it. */
import { parseGoBoolean } from '../options/go-flags.js';
import type { Entries, ServiceAccountDocument, StoreDocument } from '../local/store-document.js';
import type { ServiceAccountManifest } from './manifests.js';
import type { PodVolume } from './pods.js';

const roleAnnotation = 'eks.amazonaws.com/role-arn';

/** How a pod gets its role, for people. */
export interface PodRole {
  readonly auth: 'IRSA' | 'Pod Identity';
  /** Name without account and path; absent when the pod has none, which fails its mount. */
  readonly name: string | undefined;
  /** Neither the store nor a manifest named it: it may read everything. */
  readonly madeUp: boolean;
}

export interface CompletedStore {
  readonly document: StoreDocument;
  readonly roles: ReadonlyMap<PodVolume, PodRole>;
}

export interface AppliedManifests {
  readonly serviceAccounts: readonly ServiceAccountManifest[];
  /** The account that holds the values, when it is not the store that holds them. */
  readonly account?: string | undefined;
}

/** What the completion adds to; copies of the document's maps. */
interface Additions {
  readonly accounts: Record<string, ServiceAccountDocument | null>;
  readonly associations: Record<string, string | null>;
  /** Roles that the pods use, by name or ARN. */
  readonly used: Set<string>;
}

/** The store with service accounts, pods, roles and associations of all `pods`; `document` is left as it is. */
export function completeStore(
  document: StoreDocument,
  pods: readonly PodVolume[],
  applied: AppliedManifests,
): CompletedStore {
  const additions: Additions = {
    accounts: { ...document.serviceAccounts },
    associations: { ...document.podIdentityAssociations },
    used: new Set(),
  };
  for (const manifest of applied.serviceAccounts) applyServiceAccount(manifest, additions);
  const podRoles = new Map(pods.map((pod) => [pod, addPod(pod, additions)]));
  const place = placeOf(document, additions.used, applied.account);
  const nodes = document.nodes ?? {};
  const completed: StoreDocument = {
    ...document,
    ...place,
    serviceAccounts: additions.accounts,
    podIdentityAssociations: additions.associations,
    roles: { ...rolesToAdd(document, additions.used, place), ...document.roles },
    pods: { ...document.pods, ...podEntries(pods) },
    nodes: Object.keys(nodes).length > 0 ? nodes : { 'node-1': { region: 'eu-west-1' } },
  };
  return { document: completed, roles: podRoles };
}

/** What a manifest says counts more than what the store says of the same service account. */
function applyServiceAccount({ namespace, name, annotations }: ServiceAccountManifest, { accounts }: Additions): void {
  const key = `${namespace ?? 'default'}/${name}`;
  const { role, ...stored } = accounts[key] ?? {};
  const kept = role === undefined || annotations[roleAnnotation] !== undefined ? {} : { role };
  accounts[key] = { ...stored, ...kept, annotations: { ...stored.annotations, ...annotations } };
}

function addPod(pod: PodVolume, { accounts, associations, used }: Additions): PodRole {
  const key = `${pod.namespace}/${pod.serviceAccount}`;
  const known = accounts[key];
  const usesPodIdentity = wantsPodIdentity(pod);
  const association = associations[key] ?? undefined;
  const annotated = known?.annotations?.[roleAnnotation] ?? known?.role;
  // A service account that somebody wrote down without a role has none on purpose: the error is what there is to see.
  const madeUp = known || association !== undefined ? undefined : `${pod.namespace}-${pod.serviceAccount}`.slice(0, 64);
  accounts[key] = known ?? (madeUp === undefined ? {} : { role: madeUp });
  const role = (usesPodIdentity ? association : undefined) ?? annotated ?? madeUp;
  if (usesPodIdentity && role !== undefined) associations[key] = role;
  if (role !== undefined) used.add(role);
  return {
    auth: usesPodIdentity ? 'Pod Identity' : 'IRSA',
    name: role?.slice(role.lastIndexOf('/') + 1),
    madeUp: madeUp !== undefined,
  };
}

interface Place {
  readonly account: string;
  readonly partition: string;
}

/** A store that names no account is of the account in which the manifests' roles are. */
function placeOf(document: StoreDocument, used: ReadonlySet<string>, account: string | undefined): Place {
  const arn = [...used]
    .map((role) => /^arn:([a-z-]+):iam::(\d{12}):role\/./.exec(role))
    .find((match) => match !== null);
  return {
    account: account ?? document.account ?? arn?.[2] ?? '111122223333',
    partition: document.partition ?? arn?.[1] ?? 'aws',
  };
}

/** A role that the store does not describe may read everything. What is no role at all is for the provider to report. */
function rolesToAdd(document: StoreDocument, used: ReadonlySet<string>, place: Place) {
  const arnOf = (role: string) =>
    role.startsWith('arn:') ? role : `arn:${place.partition}:iam::${place.account}:role/${role}`;
  const described = new Set(Object.keys(document.roles ?? {}).map(arnOf));
  const missing = [...used].map(arnOf).filter((arn) => !described.has(arn));
  const valid = missing.filter((arn) => /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn));
  return Object.fromEntries(valid.map((arn) => [arn, {}]));
}

function podEntries(pods: readonly PodVolume[]): Entries<{ readonly serviceAccount: string; readonly uid: string }> {
  const entries = pods.map(
    ({ namespace, pod, serviceAccount, podUid }): [string, { serviceAccount: string; uid: string }] => [
      `${namespace}/${pod}`,
      { serviceAccount, uid: podUid },
    ],
  );
  return Object.fromEntries(entries);
}

/** What the provider makes of the parameter; a bad value is for the provider to report. */
function wantsPodIdentity(pod: PodVolume): boolean {
  try {
    return parseGoBoolean(pod.attributes['usePodIdentity'] ?? 'false');
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
