/** EKS Pod Identity: the agent on the node exchanges the pod's token for the credentials of its association. */
import * as budgets from '../budgets.js';
import { ProviderError, quote } from '../errors.js';
import type { AwsCredentials, Identity, MountContext } from '../mount/ports.js';
import type { AddressPreference, Pod } from '../mount/types.js';
import { Secret } from '../secret.js';
import { readAwsWords } from './aws-words.js';
import { usableUntil, type CredentialCache, type Earned } from './credential-cache.js';
import type { Answer } from './http-get.js';
import type { AgentOutcome, PodIdentityAgent } from './pod-identity-agent.js';
import { podIdentitySharing, type ChosenToken } from './tokens.js';

export interface PodIdentityOptions {
  readonly pod: Pod;
  readonly token: ChosenToken;
  readonly preference: AddressPreference;
  readonly agent: PodIdentityAgent;
  readonly cache: CredentialCache;
}

/** The identity of one mount by its pod's association. Its credentials are good for every region. */
export class PodIdentity implements Identity {
  readonly auth = 'pod-identity';
  readonly display: string;
  readonly key: string;
  readonly principal: string;
  readonly shares: boolean;
  readonly #options: PodIdentityOptions;
  readonly #cacheKey: string;
  /** What this mount has got already: it need not ask twice, even where nothing may be kept. */
  #own: AwsCredentials | undefined;

  constructor(options: PodIdentityOptions) {
    const { pod, token, preference } = options;
    this.#options = options;
    this.display = `pod identity of ${pod.namespace}/${pod.serviceAccount}`;
    this.principal = this.display;
    const { key, shares } = podIdentitySharing(token.claims);
    this.key = key;
    this.shares = shares;
    // A pod that wants one address only does not wait for a call that tries the other.
    this.#cacheKey = JSON.stringify(['pod-identity', token.hash, preference]);
  }

  async credentials(_region: string, context: MountContext): Promise<AwsCredentials> {
    if (this.#own !== undefined) return this.#own;
    const earn = (signal: AbortSignal): Promise<Earned> => this.#earn(context, signal);
    this.#own = await this.#options.cache.obtain(this.#cacheKey, context.signal, earn);
    return this.#own;
  }

  drop(_region: string, credentials: AwsCredentials): void {
    if (this.#own === credentials) this.#own = undefined;
    this.#options.cache.drop(this.#cacheKey, credentials);
  }

  async #earn(context: MountContext, signal: AbortSignal): Promise<Earned> {
    const { agent, token, preference } = this.#options;
    const earnedAt = new Date();
    const onRequest = (): void => {
      context.count('agent');
    };
    const outcome = await agent.ask({ token: token.secret, preference, signal, onRequest });
    const credentials = this.#read(outcome);
    return {
      credentials,
      usableUntil: usableUntil({
        awsExpiresAt: credentials.expiresAt,
        tokenExpiresAt: token.expiresAt,
        longestMs: budgets.podIdentityCredentialMs,
        earnedAt,
      }),
    };
  }

  #read(outcome: AgentOutcome): AwsCredentials {
    if ('failures' in outcome) throw noAgent(outcome.failures);
    const { url, answer } = outcome;
    const place = `the EKS Pod Identity Agent at ${url}`;
    if (answer.status === 200) {
      const credentials = parseCredentials(answer);
      if (credentials !== undefined) return credentials;
      throw new ProviderError('identity_unavailable', `${place} answered without credentials; check its version`);
    }
    throw this.#refusal(place, answer);
  }

  #refusal(place: string, answer: Answer): ProviderError {
    const { pod, token } = this.#options;
    const words = readAwsWords(answer.body.toString('utf8'), token.secret.revealText());
    const requestIds = words.requestIds;
    const said = `${place} answered HTTP ${answer.status} for service account ${quote(
      `${pod.namespace}/${pod.serviceAccount}`,
    )}: ${words.text}`;
    const { status } = answer;
    if (status === 429 || status === 408 || status < 400 || status >= 500) {
      return new ProviderError('identity_unavailable', `${said}; kubelet will try again`, { requestIds });
    }
    if (status === 401 || status === 403 || words.text.includes('AccessDenied')) {
      const remedy =
        "let the role's trust policy allow sts:AssumeRole and sts:TagSession to the service pods.eks.amazonaws.com, " +
        "and the node's role eks-auth:AssumeRoleForPodIdentity";
      return new ProviderError('identity_denied', `${said}; ${remedy}`, { requestIds });
    }
    const remedy =
      'the service account needs an association with a role in this cluster ' +
      '(aws eks create-pod-identity-association), and pods made before it must be made again';
    return new ProviderError('identity_refused', `${said}; ${remedy}`, { requestIds });
  }
}

function noAgent(failures: readonly { readonly url: string; readonly reason: string }[]): ProviderError {
  const tried = failures.map(({ url, reason }) => `${url}: ${reason}`).join('; ');
  return new ProviderError(
    'identity_unavailable',
    `no answer from the EKS Pod Identity Agent (${tried}); install the add-on eks-pod-identity-agent on this node, ` +
      'see that nothing blocks its link-local address, and on IPv6-only nodes set preferredAddressType to ipv6',
  );
}

/** `undefined` when the answer is not what the agent gives. Nothing of it may reach an error. */
function parseCredentials(answer: Answer): AwsCredentials | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body.toString('utf8'));
  } catch {
    // The parser's message quotes the answer.
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId }: Readonly<Record<string, unknown>> = {
    ...parsed,
  };
  if (!isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(Token)) return undefined;
  const expiresAt = isText(Expiration) ? new Date(Expiration) : undefined;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: new Secret(Token),
    ...(isText(AccountId) && { accountId: AccountId }),
    ...(expiresAt !== undefined && !Number.isNaN(expiresAt.getTime()) && { expiresAt }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
