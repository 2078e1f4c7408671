/** The words of a mount: the values that its steps hand on. */
import type { Secret } from '../secret.js';

/** The call as it came over the wire, fields untouched. */
export interface MountCall {
  readonly attributes: string;
  readonly secrets: string;
  readonly targetPath: string;
  readonly permission: string;
  readonly currentVersions: readonly FileVersion[];
}

/** Version of one file in the volume: `id` is its path, `version` AWS's own version of the object behind it. */
export interface FileVersion {
  readonly id: string;
  readonly version: string;
}

/** The pod whose volume is mounted, as kubelet names it. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly serviceAccount: string;
}

/** A service account token that kubelet made for the pod. */
export interface PodToken {
  readonly token: Secret;
  /** From the driver's JSON, not from the token; absent when it gave none or not a date. */
  readonly expiresAt?: Date;
}

export type ObjectType = 'secretsmanager' | 'ssmparameter';
export type AddressPreference = 'auto' | 'ipv4' | 'ipv6';

/** `arn:<partition>:<service>:<region>:<account>:<resource>` */
export interface Arn {
  readonly text: string;
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** One entry of a `jmesPath` list. */
export interface JmesPathSpec {
  readonly expression: string;
  /** The file's path in the volume: the alias after translation, checked. */
  readonly path: string;
  /** Permission bits, 0 to 0o777. */
  readonly mode: number;
}

/** What `failoverObject` says; an absent field falls back to that of the object. */
export interface FailoverSpec {
  readonly name?: string;
  readonly arn?: Arn;
  readonly version?: string;
  readonly versionLabel?: string;
}

/** One valid entry of the `objects` list. */
export interface ObjectSpec {
  /** Place in the list, from 0. */
  readonly index: number;
  readonly type: ObjectType;
  /** `objectName` as it is written, a name or an ARN. */
  readonly name: string;
  /** The name's ARN when it is one. */
  readonly arn?: Arn;
  /** The path in the volume of the file with the whole value: alias or name after translation, checked. */
  readonly path: string;
  /**
   * Set when a jmesPath entry lands on the un-aliased path of this very object: that entry is written there and the
   * whole value is not (ASCP does so too, and classes rely on it to hide the rest of a secret).
   */
  readonly hiddenByJmesPath: boolean;
  readonly version?: string;
  readonly versionLabel?: string;
  /** Permission bits, 0 to 0o777. */
  readonly mode: number;
  readonly jmesPath: readonly JmesPathSpec[];
  readonly failover?: FailoverSpec;
}

/** A MountCall read once, with nothing in it that a later step would have to check again. */
export interface MountRequest {
  readonly pod: Pod;
  /** The `region` parameter when given. */
  readonly region?: string;
  /** The region that the list's `objectName` ARNs agree on, when there are any and they do. */
  readonly arnRegion?: string;
  /** The `failoverRegion` parameter when given. */
  readonly failoverRegion?: string;
  /** The character that takes the place of `/` in file names; absent when translation is off. */
  readonly pathTranslation?: string;
  readonly usePodIdentity: boolean;
  readonly preferredAddressType: AddressPreference;
  readonly objects: readonly ObjectSpec[];
  /** By audience. */
  readonly tokens: ReadonlyMap<string, PodToken>;
  /** Absolute. An existing directory when the provider writes; never looked at when the driver does. */
  readonly targetPath: string;
  /** By file path; empty with drivers from 1.6 on. */
  readonly currentVersions: ReadonlyMap<string, string>;
  /** What the mount's log line shall mention, in words for the class's author. */
  readonly warnings: readonly string[];
}

/** The regions of a mount, each a host-name label. */
export interface Regions {
  readonly primary: string;
  readonly failover?: string;
}

/** What to ask AWS for one object in one region. */
export interface ObjectQuery {
  readonly type: ObjectType;
  readonly region: string;
  /** Name or ARN, as it goes to AWS. */
  readonly name: string;
  readonly version?: string;
  readonly versionLabel?: string;
}

/** What the volume already holds of an object: drivers up to 1.5 say its version, its main file holds its value. */
export interface HeldObject {
  readonly version: string;
  readonly value: Secret;
}

/** One object to fetch. */
export interface FetchItem {
  /** Place in the `objects` list, from 0. */
  readonly index: number;
  readonly primary: ObjectQuery;
  readonly failover?: ObjectQuery;
  readonly held?: HeldObject;
}

/** One object as AWS gave it. */
export interface FetchedObject {
  readonly value: Secret;
  /** AWS's version of this very value: a `VersionId`, or a parameter's version number. */
  readonly version: string;
  /** The region that gave it. */
  readonly region: string;
}

/** A file that the volume will hold. */
export interface PlannedFile {
  /** Relative to the target, `/` between elements, clean. */
  readonly path: string;
  /** Permission bits, 0 to 0o777. */
  readonly mode: number;
  readonly contents: Secret;
  readonly version: string;
}

/** The answer to a mount; `files` only when the driver writes. */
export interface MountReply {
  readonly versions: readonly FileVersion[];
  readonly files?: readonly PlannedFile[];
}
