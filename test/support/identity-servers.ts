/** Small servers for tests of identity: each test says what they answer, and sees what they were asked. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { text } from 'node:stream/consumers';
import { ProviderError, type ErrorCode } from '../../src/errors.js';
import type { MountRequest, Pod, PodToken } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';
import { startOrigin } from './origins.js';

/** A request as the server saw it. */
export interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface ScriptedReply {
  readonly status: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly afterMs?: number;
}

/** `hang` never answers, `reset` closes the connection, `cut` closes it within the body. */
export type Script = (seen: Seen, index: number) => ScriptedReply | 'hang' | 'reset' | 'cut';

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  /** Connections opened so far. */
  connections(): number;
  /** Requests whose client went away before the answer. */
  abandoned(): number;
  close(): Promise<void>;
}

export async function startScripted(
  script: Script,
  tls?: { readonly key: string; readonly cert: string },
): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  let abandoned = 0;
  const origin = await startOrigin((request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) abandoned += 1;
    });
    void text(request).then((body) => {
      const index = seen.push({ url: request.url ?? '', headers: request.headers, body }) - 1;
      const reply = script(seen[index] ?? assert.fail(), index);
      if (reply === 'hang') return;
      if (reply === 'reset') {
        response.destroy();
      } else if (reply === 'cut') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.destroy());
      } else {
        const { status, headers, body: content = '', afterMs = 1 } = reply;
        setTimeout(() => {
          response.writeHead(status, headers);
          response.end(typeof content === 'string' ? content : JSON.stringify(content));
        }, afterMs);
      }
    });
  }, tls);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${origin.port}`,
    port: origin.port,
    seen,
    connections: () => origin.connections,
    abandoned: () => abandoned,
    close: () => origin.close(),
  };
}

export const pod: Pod = {
  name: 'web-0',
  namespace: 'shop',
  uid: '8f2c1f0a-3a53-4d52-9d6f-1b7a5f7f6c01',
  serviceAccount: 'web',
};

/** What a token of kubelet says of `owner`. */
export function claimsOf(owner: Pod, expiresAt: Date): Readonly<Record<string, unknown>> {
  return {
    iss: 'https://oidc.eks.eu-west-1.amazonaws.com/id/CLUSTER',
    exp: Math.floor(expiresAt.getTime() / 1000),
    sub: `system:serviceaccount:${owner.namespace}:${owner.serviceAccount}`,
    'kubernetes.io': {
      namespace: owner.namespace,
      pod: { name: owner.name, uid: owner.uid },
      serviceaccount: { name: owner.serviceAccount, uid: `uid-of-${owner.namespace}-${owner.serviceAccount}` },
    },
  };
}

/** A JWT with these claims, signed by nobody. */
export function jwt(claims: object, signature = 'c2lnbmF0dXJlLW9mLW5vYm9keQ'): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'RS256', kid: 'none' })}.${encode(claims)}.${signature}`;
}

export const inOneHour = (): Date => new Date(Date.now() + 3_600_000);

/** Tokens for both audiences; `unknown`: the driver gave no time. */
export function tokensOf(token: string, expiresAt: Date | 'unknown' = inOneHour()): ReadonlyMap<string, PodToken> {
  const entry: PodToken = { token: new Secret(token), ...(expiresAt !== 'unknown' && { expiresAt }) };
  return new Map([
    ['sts.amazonaws.com', entry],
    ['pods.eks.amazonaws.com', entry],
  ]);
}

/** A request of `pod` with its own tokens. */
export function requestOf(rest: Partial<MountRequest> = {}): MountRequest {
  return {
    pod,
    usePodIdentity: false,
    preferredAddressType: 'auto',
    objects: [],
    tokens: tokensOf(jwt(claimsOf(rest.pod ?? pod, inOneHour()))),
    targetPath: '/volume',
    currentVersions: new Map(),
    warnings: [],
    ...rest,
  };
}

/** The ProviderError that `work` fails with; its code must be this one, its message match every pattern. */
export async function failsWith(
  work: Promise<unknown>,
  code: ErrorCode,
  ...patterns: readonly RegExp[]
): Promise<ProviderError> {
  const error: unknown = await work.then(
    () => assert.fail('did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProviderError, `not a ProviderError: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  for (const pattern of patterns) assert.match(error.message, pattern);
  return error;
}
