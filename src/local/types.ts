/** The words of the stand-in: its options, what it records, the faults it plays and what it offers to its user. */
import type { StoreDocument } from './store-document.js';

/** What a request was meant for. */
export type Service = 'secretsmanager' | 'ssm' | 'sts' | 'agent' | 'kubernetes';

/**
 * The listener that took a request: `aws` is the plain one behind `AWS_ENDPOINT_URL`, `aws-tls` the one with AWS's own
 * host names behind the proxy.
 */
export type Face = 'aws' | 'aws-tls' | 'agent-ipv4' | 'agent-ipv6' | 'kubernetes' | 'kubernetes-plain';

/** How long each service waits before it answers, in milliseconds; absent means at once. */
export interface Latencies {
  /** Secrets Manager, Parameter Store and STS. */
  readonly aws?: number;
  /** STS alone; default `aws`. */
  readonly sts?: number;
  readonly agent?: number;
  readonly kubernetes?: number;
}

export interface StandInOptions {
  /** What the stand-in holds: a document, or the path of a YAML file with one. */
  readonly store: StoreDocument | string;
  readonly latencyMs?: Latencies;
  /** Life of the credentials that STS and the agent give, in milliseconds; default one hour (STS), six hours (agent). */
  readonly credentialLifetimeMs?: number;
  /** Requests a second for one account and region before `ThrottlingException`, by service; absent means no limit. */
  readonly requestsPerSecond?: { readonly secretsmanager?: number; readonly ssm?: number; readonly sts?: number };
  /** Leaves `Selector` out of the answers of GetParameters, as moto and LocalStack do. */
  readonly omitSelectors?: boolean;
  /** Most requests kept in `requests`; older ones go first. Default 100,000. */
  readonly recordLimit?: number;
  /** The clock for tokens, credentials and limits, in milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** One request that reached the stand-in. Values and tokens appear only as hashes. */
export interface RecordedRequest {
  /** Milliseconds since 1970, when its head and body had arrived. */
  readonly time: number;
  readonly face: Face;
  readonly service: Service | undefined;
  /** `GetSecretValue`, `DescribeSecret`, `GetParameters`, `AssumeRoleWithWebIdentity`, `credentials`, `get serviceaccounts`, ... */
  readonly action: string;
  /** From the signature's scope, else from the host name; unknown for STS and Kubernetes behind one URL. */
  readonly region: string | undefined;
  /** The `Host` header. */
  readonly host: string;
  /** Names or ARNs as asked for; the role for STS, `namespace/name` for Kubernetes. */
  readonly objects: readonly string[];
  readonly accessKeyId: string | undefined;
  /** ARN of the role behind the access key, or the role asked of STS, or the one that the agent found. */
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  /** SHA-256 (hex) of the service account token that came with it. */
  readonly tokenHash: string | undefined;
  readonly userAgent: string;
  /** Number of its TCP or TLS connection, from 1, over all listeners. */
  readonly connection: number;
  /** HTTP status answered; `undefined` while it waits, when it hangs for ever, and when the connection was closed. */
  status: number | undefined;
  /** AWS's error code, or the Kubernetes reason. */
  errorCode: string | undefined;
}

/** One CONNECT that reached the proxy. */
export interface RecordedConnect {
  readonly time: number;
  /** `host:port` as asked for. */
  readonly authority: string;
  /** False when the proxy refused it: it leads to AWS's host names only. */
  readonly accepted: boolean;
}

/** Which requests a fault meets: all given fields must fit. */
export interface FaultMatch {
  readonly face?: Face;
  readonly service?: Service;
  readonly action?: string;
  /** For STS only known on the TLS face. */
  readonly region?: string;
  /** Host name without port, whole. */
  readonly host?: string;
  /** Fits when it is one of the request's `objects`. */
  readonly object?: string;
  /** ARN of the role. */
  readonly role?: string;
}

export type FaultEffect =
  /** An error in the form of the service: `code` goes to `__type`, XML `Code` or the Kubernetes `reason`. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  /** The service's own throttling: 400 `ThrottlingException` (STS: 400 `Throttling`), or the same with 429. */
  | { readonly kind: 'throttle'; readonly status?: 400 | 429 }
  /** Reads the request and never answers. */
  | { readonly kind: 'hang' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'close' }
  /** Answers as it would, later. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Answers with a body that is no JSON or XML. */
  | { readonly kind: 'garbage'; readonly status?: number; readonly body?: string };

export interface Fault extends FaultMatch {
  readonly effect: FaultEffect;
  /** Requests it meets before it is gone; absent means until it is removed. */
  readonly times?: number;
}

/** A fault in force. */
export interface FaultHandle {
  /** Requests it has met. */
  readonly hits: number;
  remove(): void;
}

/** A service account token to be made, as kubelet would have it made. */
export interface TokenOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Uid of the service account; default that of the store, else one derived from the names. */
  readonly serviceAccountUid?: string;
  /** Name of the pod; default `<serviceAccount>-pod`. */
  readonly pod?: string;
  /** Default that of the store, else one derived from the names. */
  readonly podUid?: string;
  /** Default that of the store's pod, else the store's only or first node. */
  readonly node?: string;
  /** Default `sts.amazonaws.com`. */
  readonly audience?: string;
  /** Default 3600; negative makes an expired token. */
  readonly ttlSeconds?: number;
  /** Leaves out the claim `kubernetes.io`, as a token of an unknown issuer may. */
  readonly withoutKubernetesClaims?: boolean;
  /** `signature` spoils the signature, `text` gives something that is no JWT. */
  readonly broken?: 'signature' | 'text';
}

/** Where the stand-in listens: full URLs without a path, but for the agent's. */
export interface StandInUrls {
  /** For `AWS_ENDPOINT_URL`: all three services. */
  readonly aws: string;
  /** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `_SSM` and `_STS`: each refuses the other services. */
  readonly secretsManager: string;
  readonly ssm: string;
  readonly sts: string;
  /** For `HTTPS_PROXY`: leads to AWS's host names on the TLS face, and nowhere else. */
  readonly proxy: string;
  /** With the path `/v1/credentials`. */
  readonly agentIpv4: string;
  /** With the path `/v1/credentials`; absent where the machine has no IPv6 loopback. */
  readonly agentIpv6: string | undefined;
  /** TLS, by the stand-in's own CA. */
  readonly kubernetes: string;
  readonly kubernetesPlain: string;
  /** The same as the methods of StandIn, for another process: see `control.ts`. */
  readonly control: string;
}

/** Files that exist until `close`. */
export interface StandInFiles {
  /** Holds all others. */
  readonly directory: string;
  /** PEM of the CA behind the TLS faces, for `SSL_CERT_FILE`. */
  readonly ca: string;
  /** Current context: the TLS face of the Kubernetes API, with token and CA. */
  readonly kubeconfig: string;
  /** The same over plain HTTP. */
  readonly kubeconfigPlain: string;
  /** A directory as it is mounted into pods (`token`, `ca.crt`, `namespace`), for in-cluster configuration. */
  readonly serviceAccount: string;
}

/** A running stand-in. */
export interface StandIn {
  readonly urls: StandInUrls;
  readonly files: StandInFiles;
  /** PEM text of the CA. */
  readonly ca: string;
  /** Since the start or `clearRequests`, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  readonly connects: readonly RecordedConnect[];
  /** TCP and TLS connections taken by all faces so far. */
  readonly connections: number;
  clearRequests(): void;

  token(options: TokenOptions): string;
  /** The JSON of `csi.storage.k8s.io/serviceAccount.tokens`: one token for each audience (default: both of AWS). */
  tokensAttribute(options: Omit<TokenOptions, 'audience'> & { readonly audiences?: readonly string[] }): string;

  fault(fault: Fault): FaultHandle;
  clearFaults(): void;
  setLatencies(latencyMs: Latencies): void;

  /**
   * Merges a document into the store: each entry that it names replaces the present one, `null` removes it. A secret
   * whose value changes gets a new version (the old one becomes AWSPREVIOUS), a parameter the next version number.
   * @throws ProviderError `invalid_request` naming the field; nothing has changed then
   */
  update(document: StoreDocument): void;
  /** As `update`, but entries that the document does not name are gone. A string is the path of a YAML file. */
  replace(document: StoreDocument | string): void;
  /** From now on AWS calls the credentials given so far expired (`ExpiredTokenException`). */
  expireCredentials(): void;
  /** From now on AWS does not know the credentials given so far (`UnrecognizedClientException`). */
  revokeCredentials(): void;

  /**
   * What a provider process needs in its environment to reach the stand-in.
   * @param realHostNames the proxy and AWS's own host names instead of endpoint URLs
   */
  environment(options?: { readonly realHostNames?: boolean }): Record<string, string>;
  /** `--pod-identity-endpoint-ipv4=...` and, where there is IPv6, `--pod-identity-endpoint-ipv6=...`. */
  readonly flags: readonly string[];
  /** Ends all listeners and connections at once and removes the files. */
  close(): Promise<void>;
}
