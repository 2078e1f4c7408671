/** SDK clients, one for each set of credentials and region: cheap shells over the connections of the process. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { AwsSettings } from '../../aws-settings.js';
import * as budgets from '../../budgets.js';
import { silentLogger } from '../../log.js';
import type { AwsCredentials } from '../../mount/ports.js';
import type { AwsRequestHandler } from '../../network/transport.js';
import { WholeAnswerHandler } from '../../network/whole-answer.js';

export interface AwsClientsOptions {
  readonly aws: AwsSettings;
  readonly requestHandler: AwsRequestHandler;
  /** Attempts at one call, the first included. */
  readonly attempts: number;
}

/** Gives the clients for credentials; they live no longer than the credentials do. */
export class AwsClients {
  readonly #options: AwsClientsOptions;
  readonly #requestHandler: AwsRequestHandler;
  readonly #secretsManager = new ByCredentials<SecretsManagerClient>();
  readonly #ssm = new ByCredentials<SSMClient>();

  constructor(options: AwsClientsOptions) {
    this.#options = options;
    this.#requestHandler = new WholeAnswerHandler(options.requestHandler);
  }

  secretsManager(credentials: AwsCredentials, region: string): SecretsManagerClient {
    const { endpoints } = this.#options.aws;
    return this.#secretsManager.get(
      credentials,
      region,
      () => new SecretsManagerClient(this.#config(credentials, region, endpoints.secretsManager)),
    );
  }

  async ssm(credentials: AwsCredentials, region: string): Promise<SSMClient> {
    const { endpoints } = this.#options.aws;
    const { SSMClient } = await import('./ssm-sdk.js');
    return this.#ssm.get(credentials, region, () => new SSMClient(this.#config(credentials, region, endpoints.ssm)));
  }

  /** Every option that the environment or a profile of the node would decide otherwise is given here. */
  #config(credentials: AwsCredentials, region: string, endpoint: string | undefined) {
    const { useFips, useDualstack, appId } = this.#options.aws;
    return {
      region,
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey.revealText(),
        sessionToken: credentials.sessionToken.revealText(),
      },
      // A full URL says all there is to say; the SDK refuses it together with either of the two switches.
      ...(endpoint !== undefined && { endpoint }),
      ignoreConfiguredEndpointUrls: true,
      useFipsEndpoint: endpoint === undefined && useFips,
      useDualstackEndpoint: endpoint === undefined && useDualstack,
      requestHandler: this.#requestHandler,
      maxAttempts: this.#options.attempts,
      retryMode: 'standard',
      defaultsMode: 'standard' as const,
      authSchemePreference: ['sigv4'],
      disableClockSkewCorrection: false,
      userAgentAppId: appId,
      // The SDK would log requests and answers, and warns on the console of an app id over 50 characters.
      logger: silentLogger,
    };
  }
}

/**
 * Credentials are compared by reference: new ones get new clients, forgotten ones take theirs along. A client weighs
 * some 15 KB and is made in 0.3 ms: one for every pod that a node ever ran would cost more than making some again, so
 * only those of the credentials that came last are kept.
 */
class ByCredentials<Client> {
  readonly #clients = new WeakMap<AwsCredentials, Map<string, Client>>();
  readonly #kept: WeakRef<AwsCredentials>[] = [];

  get(credentials: AwsCredentials, region: string, create: () => Client): Client {
    let regions = this.#clients.get(credentials);
    if (!regions) this.#keep(credentials, (regions = new Map<string, Client>()));
    let client = regions.get(region);
    if (client === undefined) regions.set(region, (client = create()));
    return client;
  }

  #keep(credentials: AwsCredentials, regions: Map<string, Client>): void {
    this.#clients.set(credentials, regions);
    this.#kept.push(new WeakRef(credentials));
    if (this.#kept.length <= budgets.clientsKept) return;
    const oldest = this.#kept.shift()?.deref();
    if (oldest) this.#clients.delete(oldest);
  }
}
