/** The pod's service account tokens: which one counts, what it claims, and which mounts may share what it earns. */
import { createHash, randomUUID } from 'node:crypto';
import { ProviderError, quote } from '../errors.js';
import type { Pod, PodToken } from '../mount/types.js';
import { Secret } from '../secret.js';

export const irsaAudience = 'sts.amazonaws.com';
export const podIdentityAudience = 'pods.eks.amazonaws.com';

/** What a token says of itself. Nobody here verifies it: AWS does, before anything is given for it. */
export interface TokenClaims {
  readonly issuer?: string;
  readonly expiresAt?: Date;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly serviceAccountUid?: string;
  readonly podUid?: string;
}

/** A token that was chosen for a mount, with what is known of it. */
export interface ChosenToken {
  readonly secret: Secret;
  readonly claims: TokenClaims;
  /** The earlier of the claim and what kubelet said; `undefined` when neither is known. */
  readonly expiresAt: Date | undefined;
  /** SHA-256 in hex: stands for the very token in keys. */
  readonly hash: string;
}

/** Most audiences that a message repeats. */
const audiencesShown = 5;

/**
 * The pod's token for `audience`.
 * @throws ProviderError `token_missing` when there is none, `invalid_request` when it is another service account's
 */
export function chooseToken(
  tokens: ReadonlyMap<string, PodToken>,
  audience: typeof irsaAudience | typeof podIdentityAudience,
  pod: Pod,
): ChosenToken {
  const found = tokens.get(audience);
  const text = found?.token.revealText().trim() ?? '';
  if (text === '') throw tokenMissing(tokens, audience);
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new ProviderError(
      'invalid_request',
      `the token for audience ${quote(audience)} holds characters that no service account token has; ` +
        'let kubelet make it: set tokenRequests on the CSIDriver object secrets-store.csi.k8s.io',
    );
  }
  const claims = readClaims(text);
  refuseForeignToken(claims, pod);
  return {
    secret: new Secret(text),
    claims,
    expiresAt: earlier(claims.expiresAt, found?.expiresAt),
    hash: createHash('sha256').update(text).digest('hex'),
  };
}

function tokenMissing(tokens: ReadonlyMap<string, PodToken>, audience: string): ProviderError {
  const names = [...tokens.keys()];
  const shown = names.slice(0, audiencesShown).map((name) => quote(name));
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  const found = names.length === 0 ? 'the driver sent no token at all' : `found only ${shown.join(', ')}`;
  return new ProviderError(
    'token_missing',
    `no service account token for audience ${quote(audience)} (${found}): the CSIDriver object ` +
      `secrets-store.csi.k8s.io needs tokenRequests with both audiences; set the Helm value tokenRequests of the ` +
      `secrets-store-csi-driver chart to [{audience: ${irsaAudience}}, {audience: ${podIdentityAudience}}]`,
  );
}

/** The claims of a JWT, unverified; a token of another form has none. */
export function readClaims(token: string): TokenClaims {
  const payload = fieldsOf(parsePayload(token));
  const kubernetes = fieldsOf(payload['kubernetes.io']);
  const account = fieldsOf(kubernetes['serviceaccount']);
  const claims = {
    issuer: textOf(payload['iss']),
    namespace: textOf(kubernetes['namespace']),
    serviceAccount: textOf(account['name']),
    serviceAccountUid: textOf(account['uid']),
    podUid: textOf(fieldsOf(kubernetes['pod'])['uid']),
    expiresAt: dateOf(payload['exp']),
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** AWS would only see the token; the role and the volume belong to the pod that kubelet named. */
function refuseForeignToken({ namespace, serviceAccount }: TokenClaims, pod: Pod): void {
  const foreign =
    (namespace !== undefined && namespace !== pod.namespace) ||
    (serviceAccount !== undefined && serviceAccount !== pod.serviceAccount);
  if (!foreign) return;
  throw new ProviderError(
    'invalid_request',
    `the token in the request is that of service account ${quote(`${namespace ?? '?'}/${serviceAccount ?? '?'}`)}, ` +
      `but the pod runs as ${quote(`${pod.namespace}/${pod.serviceAccount}`)}; tokens come from kubelet alone: ` +
      'remove csi.storage.k8s.io/serviceAccount.tokens from the SecretProviderClass and from volumeAttributes',
  );
}

/** With whom an identity shares answers of AWS. */
export interface Sharing {
  /** `Identity.key` */
  readonly key: string;
  /** False: the key is this mount's alone. */
  readonly shares: boolean;
}

/** Who may share with an IRSA identity: the same role for the same service account. */
export function irsaSharing(role: string, { namespace, serviceAccount, serviceAccountUid }: TokenClaims): Sharing {
  return sharing('irsa', [role, namespace, serviceAccount, serviceAccountUid]);
}

/** Who may share with a Pod Identity: only the pod itself, for AWS sees the pod in its session tags. */
export function podIdentitySharing({ namespace, serviceAccount, podUid }: TokenClaims): Sharing {
  return sharing('pod-identity', [namespace, serviceAccount, podUid]);
}

function sharing(auth: string, parts: readonly (string | undefined)[]): Sharing {
  // A token that does not say whose it is shares with nobody, not even with the next mount of its pod.
  const shares = !parts.includes(undefined);
  return { key: JSON.stringify(shares ? [auth, ...parts] : [auth, 'unshared', randomUUID()]), shares };
}

function parsePayload(token: string): unknown {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    // No JWT: AWS will say what it thinks of it. The parser's message quotes the token.
    return undefined;
  }
}

function earlier(first: Date | undefined, second: Date | undefined): Date | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return first < second ? first : second;
}

function dateOf(seconds: unknown): Date | undefined {
  const date = typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
