/**
 * The form of the store's YAML. Only what a test or a reader cares about must be written; everything else has a
 * default. Maps are keyed by name, and by region where the thing lives in one. `null` removes an entry in an update; in a
 * file it means the defaults of a role, service account, pod or node.
 */

export interface StoreDocument {
  /** Twelve digits; default `111122223333`. */
  readonly account?: string;
  /** Default `aws`. */
  readonly partition?: string;
  /** By region, then by name. A text is the value of the current version. */
  readonly secrets?: Readonly<Record<string, Entries<string | SecretDocument>>>;
  /** By region, then by name. A text is the value of a String parameter, version 1. */
  readonly parameters?: Readonly<Record<string, Entries<string | ParameterDocument>>>;
  /** By role name or ARN. */
  readonly roles?: Entries<RoleDocument>;
  /** By `namespace/name`. */
  readonly serviceAccounts?: Entries<ServiceAccountDocument>;
  /** By `namespace/name`. */
  readonly pods?: Entries<PodDocument>;
  /** By name. */
  readonly nodes?: Entries<NodeDocument>;
  /** Role name or ARN by `namespace/serviceAccount`. */
  readonly podIdentityAssociations?: Entries<string>;
  /** What the provider's own service account may not read. */
  readonly kubernetes?: { readonly deny?: readonly KubernetesResource[] };
}

export type Entries<T> = Readonly<Record<string, T | null>>;
export type KubernetesResource = 'serviceaccounts' | 'pods' | 'nodes';

export interface SecretDocument {
  /** Current value as text; or `binary`, or `versions`. */
  readonly value?: string;
  /** Current value as base64. */
  readonly binary?: string;
  /** All versions; then neither `value` nor `binary`. One without stages can be read by its id only. */
  readonly versions?: readonly SecretVersionDocument[];
  /** Six letters or digits at the end of the ARN; default derived from the name, the same in every region. */
  readonly suffix?: string;
  /** Marked for deletion; its value cannot be read. */
  readonly deleted?: boolean;
  /** Of another account, which has shared it with this one's roles by a resource policy. */
  readonly account?: string;
}

export interface SecretVersionDocument {
  /** Default a UUID made at the start. */
  readonly id?: string;
  /** Default AWSCURRENT for the last of the list, AWSPREVIOUS for the one before it, none for the others. */
  readonly stages?: readonly string[];
  readonly value?: string;
  readonly binary?: string;
}

export interface ParameterDocument {
  readonly value?: string;
  /** Default `String`. */
  readonly type?: 'String' | 'StringList' | 'SecureString';
  /** All versions, the last is current; then no `value`. */
  readonly versions?: readonly ParameterVersionDocument[];
}

export interface ParameterVersionDocument {
  readonly value: string;
  /** Default one more than the one before it, from 1. */
  readonly version?: number;
  readonly labels?: readonly string[];
}

export interface RoleDocument {
  /** `namespace/serviceAccount`, `*` for any run of characters; default the service accounts annotated with this role. */
  readonly trust?: readonly string[];
  /** Default: everything that a mount needs, on everything. */
  readonly allow?: readonly StatementDocument[];
  /** Counts more than `allow`. */
  readonly deny?: readonly StatementDocument[];
}

export interface StatementDocument {
  /** `secretsmanager:GetSecretValue`, `ssm:GetParameters`, `kms:Decrypt`, ...; `*` for any run of characters. */
  readonly actions: readonly string[];
  /** ARNs, with `*`; default `*`. A name without `arn:` means a secret or parameter of that name in any region. */
  readonly resources?: readonly string[];
  /** Only these regions. */
  readonly regions?: readonly string[];
}

export interface ServiceAccountDocument {
  /** Role name or ARN for the annotation `eks.amazonaws.com/role-arn`. */
  readonly role?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Default derived from the names. */
  readonly uid?: string;
}

export interface PodDocument {
  /** Default the first node of the store. */
  readonly node?: string;
  /** Default `default`. */
  readonly serviceAccount?: string;
  /** Default derived from the names. */
  readonly uid?: string;
}

export interface NodeDocument {
  /** Written as the label `topology.kubernetes.io/region`. */
  readonly region?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
