/** Makes service account tokens as the Kubernetes API server does for kubelet, and checks them as AWS does. */
import { createHash, generateKeyPair, randomUUID, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { derivedUuid } from './store-merge.js';
import type { Store } from './store.js';
import type { TokenOptions } from './types.js';

/** What a token says when its signature is right. */
export interface TokenClaims {
  readonly audiences: readonly string[];
  readonly subject: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly pod: string | undefined;
}

export type TokenProblem = 'not-a-token' | 'bad-signature';

export interface TokenIssuer {
  readonly issuer: string;
  token(options: TokenOptions, store: Store, now: number): string;
  /** Looks at form and signature only: audience and expiry are for the service that asks. */
  read(token: string): TokenClaims | TokenProblem;
}

export const awsAudiences = ['sts.amazonaws.com', 'pods.eks.amazonaws.com'] as const;

/** An issuer with a key of its own: tokens of another stand-in do not pass. */
export async function createTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const keyId = createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const issuer = `https://oidc.eks.eu-west-1.amazonaws.com/id/${keyId.slice(0, 32).toUpperCase()}`;
  return {
    issuer,
    token: (options, store, now) => {
      if (options.broken === 'text') return 'this-is-no-token';
      const claims = newClaims(options, store, { issuer, now });
      const token = signToken(claims, privateKey, keyId);
      return options.broken === 'signature' ? spoilSignature(token) : token;
    },
    read: (token) => readToken(token, publicKey),
  };
}

/** Facts of the pod that a token is made for: what the caller says, else the store, else derived from the names. */
function newClaims(options: TokenOptions, store: Store, context: { readonly issuer: string; readonly now: number }) {
  const { namespace, serviceAccount } = options;
  const accountKey = `${namespace}/${serviceAccount}`;
  const pod = options.pod ?? `${serviceAccount}-pod`;
  const storedPod = store.pods.get(`${namespace}/${pod}`);
  const issuedAt = Math.floor(context.now / 1000);
  const kubernetes = {
    namespace,
    node: { name: options.node ?? storedPod?.node ?? [...store.nodes.keys()][0] ?? 'node-1' },
    pod: { name: pod, uid: options.podUid ?? storedPod?.uid ?? derivedUuid(`pod/${namespace}/${pod}`) },
    serviceaccount: {
      name: serviceAccount,
      uid:
        options.serviceAccountUid ??
        store.serviceAccounts.get(accountKey)?.uid ??
        derivedUuid(`serviceaccount/${accountKey}`),
    },
  };
  return {
    aud: [options.audience ?? awsAudiences[0]],
    exp: issuedAt + (options.ttlSeconds ?? 3600),
    iat: Math.min(issuedAt, issuedAt + (options.ttlSeconds ?? 3600) - 1),
    iss: context.issuer,
    jti: randomUUID(),
    ...(options.withoutKubernetesClaims === true ? {} : { 'kubernetes.io': kubernetes }),
    nbf: Math.min(issuedAt, issuedAt + (options.ttlSeconds ?? 3600) - 1),
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
  };
}

function encode(document: object): string {
  return Buffer.from(JSON.stringify(document)).toString('base64url');
}

function signToken(claims: object, key: KeyObject, keyId: string): string {
  const content = `${encode({ alg: 'RS256', kid: keyId })}.${encode(claims)}`;
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
}

function spoilSignature(token: string): string {
  const cut = token.lastIndexOf('.') + 1;
  return `${token.slice(0, cut)}${token[cut] === 'A' ? 'B' : 'A'}${token.slice(cut + 1)}`;
}

function readToken(token: string, key: KeyObject): TokenClaims | TokenProblem {
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) return 'not-a-token';
  const claims = parseObject(payload);
  const algorithm = parseObject(header)?.['alg'];
  if (!claims) return 'not-a-token';
  const content = Buffer.from(`${header}.${payload}`);
  const genuine = algorithm === 'RS256' && verify('sha256', content, key, Buffer.from(signature, 'base64url'));
  if (!genuine) return 'bad-signature';
  const kubernetes = asObject(claims['kubernetes.io']);
  const audience = claims['aud'];
  return {
    audiences: (Array.isArray(audience) ? audience : [audience]).filter((item) => typeof item === 'string'),
    subject: asText(claims['sub']) ?? '',
    expiresAt: typeof claims['exp'] === 'number' ? claims['exp'] : 0,
    namespace: asText(kubernetes?.['namespace']),
    serviceAccount: asText(asObject(kubernetes?.['serviceaccount'])?.['name']),
    pod: asText(asObject(kubernetes?.['pod'])?.['name']),
  };
}

function parseObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    // Not JSON: the same answer as JSON that is no object.
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
