/** What the steps of a mount need of each other and of the outside: the ports of this room, which others fill. */
import type { Secret } from '../secret.js';
import type { FetchItem, FetchedObject, MountCall, MountReply, MountRequest, PlannedFile, Regions } from './types.js';

/** Temporary credentials that AWS gave for the pod's own token. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  readonly expiresAt?: Date;
  /** Whose quotas their calls count for, when known. */
  readonly accountId?: string;
}

/** The pod's IAM identity. Making one proves nothing yet: only `credentials` asks AWS to accept the pod's token. */
export interface Identity {
  readonly auth: 'irsa' | 'pod-identity';
  /** For messages and logs, such as `role arn:aws:iam::111122223333:role/app` or `pod identity of ns/app`. */
  readonly display: string;
  /**
   * Two identities with equal keys may share answers of AWS, once each has got credentials of its own: role (IRSA) or
   * pod (Pod Identity), and namespace, service account and uid from the claims of the token. A token without these
   * claims has a key that no other has.
   */
  readonly key: string;
  /** False: nobody else can have this key, not even the pod's next mount. */
  readonly shares: boolean;
  /**
   * Whose permissions AWS judges: the role, or with Pod Identity the service account that is associated with one.
   * What it may not do is remembered under this name; nothing that was read is.
   */
  readonly principal: string;
  /**
   * Credentials for a region, kept or earned with the pod's token.
   * @throws ProviderError `identity_denied`, `identity_refused` (both AWS's final word) or `identity_unavailable`
   */
  credentials(region: string, context: MountContext): Promise<AwsCredentials>;
  /** Forgets credentials that AWS refused as such; the next `credentials` earns new ones. */
  drop(region: string, credentials: AwsCredentials): void;
}

/** Counted in the mount's log line. */
export type CallKind = 'aws' | 'sts' | 'agent' | 'kubernetes';

/** `turn`: for its turn among the mounts of this process. `throttling`: because AWS throttles. */
export type WaitKind = 'turn' | 'throttling';

/** What one mount knows of its own time, and what it tells its log line. */
export interface MountContext {
  /** Fires when the mount must stop; its `reason` is the ProviderError to fail with. */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` fires by itself; never negative. */
  timeLeftMs(): number;
  /** Adds a sentence to the mount's log line. The text is shown as it is: quote what tenants wrote. */
  warn(message: string): void;
  /** Counts one request that went out for this mount. */
  count(kind: CallKind): void;
  /**
   * The mount waits in this process from now until the returned function is called. Several waits at a time count once,
   * and those that are still going on when the mount ends count until then.
   */
  startWait(kind: WaitKind): () => void;
  /** Runs `work` once the caller has the whole answer, or is gone: until then the answer's bytes are in memory. */
  afterAnswer(work: () => void): void;
  /** Adds what became known to the mount's log line; a later note of the same field wins. */
  note(notes: MountNotes): void;
}

/** What the log line of a mount says beside its outcome, its warnings and its counts. */
export interface MountNotes {
  readonly namespace?: string;
  readonly pod?: string;
  readonly podUid?: string;
  readonly serviceAccount?: string;
  readonly auth?: 'irsa' | 'pod-identity';
  readonly role?: string;
  readonly region?: string;
  readonly failoverRegion?: string;
  readonly objects?: number;
  readonly files?: number;
  /** Objects whose value was taken from memory for its age alone. */
  readonly reused?: number;
  readonly changed?: number;
  readonly pruned?: number;
  /** Request ids of AWS's answers that failed, for a support case. */
  readonly requestIds?: readonly string[];
}

/** The whole work of one Mount call. */
export type Mount = (call: MountCall, context: MountContext) => Promise<MountReply>;

/** Finds regions and identity of a pod (Kubernetes, STS, Pod Identity Agent). */
export interface Identities {
  /** @throws ProviderError `region_unknown`, `invalid_parameter`, `kubernetes_denied`, `kubernetes_unavailable` */
  resolveRegions(request: MountRequest, context: MountContext): Promise<Regions>;
  /** @throws ProviderError `token_missing`, `role_missing`, `service_account_not_found`, `kubernetes_*` */
  resolveIdentity(request: MountRequest, context: MountContext): Promise<Identity>;
}

/** What to fetch, for whom and for which volume. */
export interface FetchOrder {
  readonly items: readonly FetchItem[];
  readonly identity: Identity;
  /** The pod's: no namespace takes more than half of what there is for all. */
  readonly namespace: string;
  /** A name that no two volumes share. */
  readonly volume: string;
  /** AWS must be asked whether a value is still current, however young it is: the request says what the volume holds. */
  readonly revalidate: boolean;
}

/** What was fetched. */
export interface Fetched {
  /** In the order of the items. */
  readonly objects: readonly FetchedObject[];
  /** To be called when the volume holds the objects: only a volume that is mounted may get values that are kept. */
  readonly delivered: () => void;
  /** To be called when the objects' bytes are no longer needed, well or badly: from then on they do not count. */
  readonly release: () => void;
}

/** Gets objects from AWS. */
export interface SecretSource {
  /** @throws ProviderError all failing objects in one, in the order of the items */
  fetch(order: FetchOrder, context: MountContext): Promise<Fetched>;
}

/** What became of a target directory. */
export interface WriteResult {
  /** Files whose content or mode was switched. */
  readonly changed: number;
  /** Entries that pruning removed. */
  readonly pruned: number;
}

/** The only code that touches files of a volume. */
export interface VolumeWriter {
  /** @throws ProviderError `invalid_request` when the target is no directory, `target_not_tmpfs` */
  check(targetPath: string): Promise<void>;
  /** Content of a regular file, reached without following links; `undefined` when it is not there or unreadable. */
  read(targetPath: string, path: string): Promise<Secret | undefined>;
  /**
   * @throws ProviderError `write_failed`, `target_not_tmpfs`, `invalid_request` (the target is gone), `invalid_objects`
   * (too many directories), or the reason of the context's signal; the previous set is complete then
   */
  write(targetPath: string, files: readonly PlannedFile[], context: MountContext): Promise<WriteResult>;
}

/** Evaluates JMESPath where a hostile expression can neither block nor kill other mounts. */
export interface ExpressionEngine {
  /**
   * The results of `expressions` on one JSON document, each the text of a file, in order; a string result as it is,
   * everything else as JSON text with the digits of the document.
   * @param owner who pays for the time: the pod's namespace
   */
  evaluate(
    json: Secret,
    expressions: readonly string[],
    owner: string,
    signal: AbortSignal,
  ): Promise<readonly ExpressionOutcome[]>;
}

/** `failure` completes the sentence "<expression> ..." and holds nothing of the document. */
export type ExpressionOutcome = { readonly text: Secret } | { readonly failure: string };
