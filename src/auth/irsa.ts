/** IAM roles for service accounts: the pod's token is exchanged at the regional STS endpoint for the role's credentials. */
import { fromWebToken } from '@aws-sdk/credential-providers';
import type { AwsSettings } from '../aws-settings.js';
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import type { Job } from '../fair-queue.js';
import { silentLogger } from '../log.js';
import type { AwsCredentials, Identity, MountContext } from '../mount/ports.js';
import type { Pod } from '../mount/types.js';
import type { Paces } from '../pace.js';
import { pacedAttempts } from '../paced-attempts.js';
import { Secret } from '../secret.js';
import type { AwsRequestHandler } from '../network/transport.js';
import { usableUntil, type CredentialCache, type Earned } from './credential-cache.js';
import type { Role } from './role.js';
import { sessionName } from './session-name.js';
import { isInvalidIdentityToken, stsFailure } from './sts-failure.js';
import { irsaSharing, type ChosenToken } from './tokens.js';
import { jittered, wait } from '../wait.js';

/** Tries again after InvalidIdentityToken, and the pause before each: STS may not have the issuer's keys yet. */
const invalidTokenRetries = 2;
const invalidTokenPauseMs = 300;

/** Regions with FIPS endpoints of STS; GovCloud has them too. */
const stsFipsRegions = new Set(['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2']);

export interface IrsaOptions {
  readonly pod: Pod;
  readonly role: Role;
  readonly token: ChosenToken;
  readonly aws: AwsSettings;
  readonly requestHandler: AwsRequestHandler;
  readonly cache: CredentialCache;
  readonly paces: Paces;
}

/** The identity of one mount by its service account's role. */
export class IrsaIdentity implements Identity {
  readonly auth = 'irsa';
  readonly display: string;
  readonly key: string;
  readonly principal: string;
  readonly shares: boolean;
  readonly #options: IrsaOptions;
  /** What this mount has got already: it need not ask twice, even where nothing may be kept. */
  readonly #own = new Map<string, AwsCredentials>();
  /** Stands for the mount. */
  readonly #job: Job = {};

  constructor(options: IrsaOptions) {
    this.#options = options;
    this.display = `role ${options.role.arn}`;
    this.principal = options.role.arn;
    const { key, shares } = irsaSharing(options.role.arn, options.token.claims);
    this.key = key;
    this.shares = shares;
  }

  async credentials(region: string, context: MountContext): Promise<AwsCredentials> {
    const own = this.#own.get(region);
    if (own !== undefined) return own;
    if (lacksStsFips(this.#options.aws, region)) {
      context.warn(`STS has no FIPS endpoint in ${region}: the plain one is used (--sts-fips=false silences this)`);
    }
    const earn = (signal: AbortSignal): Promise<Earned> => this.#earn(region, context, signal);
    const credentials = await this.#options.cache.obtain(this.#cacheKey(region), context.signal, earn);
    this.#own.set(region, credentials);
    return credentials;
  }

  drop(region: string, credentials: AwsCredentials): void {
    if (this.#own.get(region) === credentials) this.#own.delete(region);
    this.#options.cache.drop(this.#cacheKey(region), credentials);
  }

  #cacheKey(region: string): string {
    return JSON.stringify(['irsa', this.#options.token.hash, this.#options.role.arn, region]);
  }

  async #earn(region: string, context: MountContext, signal: AbortSignal): Promise<Earned> {
    for (let retriesLeft = invalidTokenRetries; ; retriesLeft -= 1) {
      signal.throwIfAborted();
      try {
        return await this.#assumeRole(region, context, signal);
      } catch (error) {
        // Every waiter has left and has its own error: this one only ends the call.
        if (signal.aborted) throw signal.reason;
        if (error instanceof ProviderError) throw error;
        if (retriesLeft === 0 || !isInvalidIdentityToken(error)) {
          throw stsFailure(error, { ...this.#options, region });
        }
      }
      await wait(jittered(invalidTokenPauseMs), signal);
    }
  }

  async #assumeRole(region: string, context: MountContext, signal: AbortSignal): Promise<Earned> {
    const { pod, role, token, aws } = this.#options;
    const earnedAt = new Date();
    const provider = fromWebToken({
      roleArn: role.arn,
      roleSessionName: sessionName(pod),
      webIdentityToken: token.secret.revealText(),
      clientPlugins: [this.#paced(region, context, signal)],
      clientConfig: { ...clientConfig(aws, region), requestHandler: this.#requestHandler(context, signal) },
    });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provider();
    if (sessionToken === undefined) throw new Error('the answer holds no session token');
    return {
      credentials: {
        accessKeyId,
        secretAccessKey: new Secret(secretAccessKey),
        sessionToken: new Secret(sessionToken),
        accountId: role.account,
        ...(expiration !== undefined && { expiresAt: expiration }),
      },
      usableUntil: usableUntil({ awsExpiresAt: expiration, tokenExpiresAt: token.expiresAt, earnedAt }),
    };
  }

  /** A pod has no other way to credentials: it stays on while STS throttles. */
  #paced(region: string, context: MountContext, signal: AbortSignal): ReturnType<typeof pacedAttempts> {
    const { pod, role, paces } = this.#options;
    return pacedAttempts({
      pace: paces.of({ action: 'sts:AssumeRoleWithWebIdentity', account: role.account, region }),
      owner: pod.namespace,
      mount: this.#job,
      signal,
      waiting: () => {
        context.warn(`STS in ${region} throttles account ${role.account}: this mount waited for its turn`);
        return context.startWait('throttling');
      },
      staysOn: () => true,
    });
  }

  /** `fromWebToken` takes no abort signal: the requests themselves carry it. */
  #requestHandler(context: MountContext, abortSignal: AbortSignal): AwsRequestHandler {
    const inner = this.#options.requestHandler;
    return {
      ...(inner.metadata !== undefined && { metadata: inner.metadata }),
      handle: async (request, options) => {
        abortSignal.throwIfAborted();
        context.count('sts');
        return inner.handle(request, { ...options, abortSignal });
      },
      // The connections are shared: no client sets anything on them, or ends them.
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    };
  }
}

/** Everything that the SDK would otherwise take from the environment and the profiles of this process. */
function clientConfig(aws: AwsSettings, region: string): Readonly<Record<string, unknown>> {
  const endpoint = aws.endpoints.sts;
  return {
    region,
    // An endpoint of the user's own stands as it is: the SDK refuses to combine it with these two.
    useFipsEndpoint: endpoint === undefined && aws.useFips && aws.stsFips && hasStsFips(region),
    useDualstackEndpoint: endpoint === undefined && aws.useDualstack,
    useGlobalEndpoint: false,
    ...(endpoint !== undefined && { endpoint }),
    ignoreConfiguredEndpointUrls: true,
    defaultsMode: 'standard',
    authSchemePreference: [],
    sigv4aSigningRegionSet: [],
    maxAttempts: budgets.awsAttempts,
    retryMode: 'standard',
    userAgentAppId: aws.appId,
    logger: silentLogger,
  };
}

function lacksStsFips(aws: AwsSettings, region: string): boolean {
  return aws.endpoints.sts === undefined && aws.useFips && aws.stsFips && !hasStsFips(region);
}

function hasStsFips(region: string): boolean {
  return stsFipsRegions.has(region) || region.startsWith('us-gov-');
}
