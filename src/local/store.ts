/** What the stand-in holds at one moment: a read-only value that an update replaces as a whole. */
import type { KubernetesResource } from './store-document.js';

export interface Store {
  readonly account: string;
  readonly partition: string;
  /** By region, then by name. */
  readonly secrets: ReadonlyMap<string, ReadonlyMap<string, StoredSecret>>;
  /** By region, then by name without the leading slash of a one-element name. */
  readonly parameters: ReadonlyMap<string, ReadonlyMap<string, StoredParameter>>;
  /** By ARN. */
  readonly roles: ReadonlyMap<string, StoredRole>;
  /** By `namespace/name`. */
  readonly serviceAccounts: ReadonlyMap<string, StoredServiceAccount>;
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, StoredPod>;
  /** Labels by node name. */
  readonly nodes: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Role ARN by `namespace/serviceAccount`. */
  readonly associations: ReadonlyMap<string, string>;
  readonly kubernetesDeny: ReadonlySet<KubernetesResource>;
}

export interface StoredSecret {
  readonly name: string;
  readonly arn: string;
  readonly account: string;
  readonly createdAt: number;
  readonly deletedAt: number | undefined;
  readonly versions: readonly StoredSecretVersion[];
}

export interface StoredSecretVersion {
  readonly id: string;
  readonly stages: readonly string[];
  readonly value: string | Buffer;
  readonly createdAt: number;
}

export interface StoredParameter {
  /** As it was created, with or without the leading slash. */
  readonly name: string;
  readonly arn: string;
  readonly type: 'String' | 'StringList' | 'SecureString';
  /** By version number, the last is current; never empty. */
  readonly versions: readonly StoredParameterVersion[];
}

export interface StoredParameterVersion {
  readonly version: number;
  readonly labels: readonly string[];
  readonly value: string;
  readonly modifiedAt: number;
}

export interface StoredRole {
  readonly arn: string;
  readonly account: string;
  /** Without the path. */
  readonly name: string;
  /** `namespace/serviceAccount` with `*`; absent: the service accounts annotated with this role. */
  readonly trust: readonly string[] | undefined;
  readonly allow: readonly StoredStatement[];
  readonly deny: readonly StoredStatement[];
}

export interface StoredStatement {
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[];
  /** Fit the name of a secret or parameter. */
  readonly names: readonly RegExp[];
  readonly regions: readonly string[] | undefined;
}

export interface StoredServiceAccount {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface StoredPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string | undefined;
  readonly serviceAccount: string;
}

export const roleAnnotation = 'eks.amazonaws.com/role-arn';

/** `/p` and `p` are one parameter to AWS; `/a/b` and `a/b` are too, but the second is no valid name. */
export function parameterKey(name: string): string {
  return name.startsWith('/') && name.indexOf('/', 1) < 0 ? name.slice(1) : name;
}

/** A text with `*` (any run of characters) and, as IAM has it, `?` (one) as an anchored pattern. */
export function wildcard(text: string): RegExp {
  const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
