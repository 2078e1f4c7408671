/** The service account tokens that kubelet made for the pod, out of the driver's JSON. */
import { ProviderError } from '../../errors.js';
import { Secret } from '../../secret.js';
import type { PodToken } from '../types.js';
import { readJsonObject } from './json-object.js';

/** The attribute that holds them, and the key under which `secrets` does on newer Kubernetes. */
export const tokensKey = 'csi.storage.k8s.io/serviceAccount.tokens';

/**
 * The tokens by audience; none when the request has none.
 * @param attribute the attribute's text, which counts when there is any
 * @param secrets the `secrets` field of the request: a JSON object, the literal `null`, or nothing
 * @throws ProviderError `invalid_request`, with nothing of the content in it
 */
export function parseTokens(attribute: string | undefined, secrets: string): ReadonlyMap<string, PodToken> {
  const text = isNothing(attribute) ? tokensInSecrets(secrets) : attribute;
  if (isNothing(text)) return new Map();
  const entries = readJsonObject(text)?.map(([audience, value]) => [audience, readToken(value)] as const);
  if (entries === undefined) throw malformed(`the attribute ${tokensKey} is not a JSON object`);
  const tokens = new Map<string, PodToken>();
  for (const [audience, token] of entries) {
    if (token === undefined) throw malformed(`the attribute ${tokensKey} holds an audience without a token`);
    tokens.set(audience, token);
  }
  return tokens;
}

function tokensInSecrets(secrets: string): string | undefined {
  if (isNothing(secrets)) return undefined;
  const entries = readJsonObject(secrets);
  if (entries === undefined) throw malformed('the field secrets is not a JSON object');
  const text = entries.find(([key]) => key === tokensKey)?.[1];
  if (text === undefined || text === null || typeof text === 'string') return text ?? undefined;
  throw malformed(`${tokensKey} in the field secrets is not text`);
}

function readToken(value: unknown): PodToken | undefined {
  if (typeof value !== 'object' || value === null || !('token' in value)) return undefined;
  if (typeof value.token !== 'string' || value.token === '') return undefined;
  const expiration = 'expirationTimestamp' in value ? value.expirationTimestamp : undefined;
  const expiresAt = new Date(typeof expiration === 'string' ? expiration : NaN);
  return { token: new Secret(value.token), ...(!Number.isNaN(expiresAt.getTime()) && { expiresAt }) };
}

function isNothing(text: string | undefined): text is '' | undefined {
  return text === undefined || text.trim() === '' || text.trim() === 'null';
}

function malformed(what: string): ProviderError {
  return new ProviderError('invalid_request', `${what}: the CSI driver sent a request that this provider cannot read`);
}
