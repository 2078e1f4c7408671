/** Gets secrets from Secrets Manager; what the volume already holds is only asked about. */
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Logger } from '../log.js';
import type { AwsCredentials, HeldObject, ObjectQuery } from '../mount/types.js';
import { Secret } from '../secret.js';
import { SharedCalls } from '../shared-calls.js';
import { AwsCallError } from './aws-errors.js';
import { callAws, type CallOptions } from './call.js';
import { outcomeOf, type Subject } from './call-failure.js';
import type { AwsClients } from './clients.js';
import type { Answer, Outcome } from './failure.js';
import type { Region } from './region.js';

/** The staging labels of each version; empty for a secret that is marked for deletion. */
type Stages = Readonly<Record<string, readonly string[]>>;

export class SecretsManager {
  readonly #clients: AwsClients;
  readonly #log: Logger;
  readonly #values = new SharedCalls<Answer>();
  readonly #stages = new SharedCalls<Stages>();

  constructor(clients: AwsClients, log: Logger) {
    this.#clients = clients;
    this.#log = log;
  }

  /**
   * @param held what the volume holds of this secret; given back when it is what AWS would answer. DescribeSecret says
   * so at a four times higher quota than GetSecretValue, and without a decryption by KMS.
   */
  fetch(region: Region, query: ObjectQuery, held?: HeldObject): Promise<Outcome> {
    const subject: Subject = {
      service: 'Secrets Manager',
      action: 'secretsmanager:GetSecretValue',
      region,
      trace: {},
    };
    return outcomeOf(this.#answer(subject, query, held), subject, query);
  }

  async #answer(subject: Subject, query: ObjectQuery, held: HeldObject | undefined): Promise<Answer> {
    if (held && (await this.#isCurrent(subject.region, query, held.version))) return held;
    const { name, version, versionLabel } = query;
    return subject.region.call({
      key: ['secret', name, version, versionLabel],
      shared: this.#values,
      trace: subject.trace,
      start: (credentials, options) => this.#getValue(query, credentials, options),
    });
  }

  /** Whether AWS would answer the query with this version. Where that cannot be found out, it counts as not. */
  async #isCurrent(region: Region, query: ObjectQuery, version: string): Promise<boolean> {
    // A version never changes its value: the pinned one needs no question, and any other is not what is held.
    if (query.version !== undefined) return query.version === version;
    try {
      const stages = await region.call({
        key: ['stages', query.name],
        shared: this.#stages,
        trace: {},
        start: (credentials, options) => this.#getStages(query, credentials, options),
      });
      return Object.hasOwn(stages, version) && stages[version]?.includes(query.versionLabel ?? 'AWSCURRENT') === true;
    } catch (error) {
      // Roles made for GetSecretValue alone lack the permission; and whatever else is wrong, the fetch tells it better.
      if (!(error instanceof AwsCallError) || error.kind === 'missing') throw error;
      const { code, requestIds } = error;
      this.#log.debug('DescribeSecret failed, the secret is fetched', { region: region.name, code, requestIds });
      return false;
    }
  }

  async #getValue(query: ObjectQuery, credentials: AwsCredentials, options: CallOptions): Promise<Answer> {
    const client = this.#clients.secretsManager(credentials, query.region);
    const command = new GetSecretValueCommand({
      SecretId: query.name,
      ...(query.version !== undefined && { VersionId: query.version }),
      ...(query.versionLabel !== undefined && { VersionStage: query.versionLabel }),
    });
    const answer = await callAws(command, (sending) => client.send(command, sending), options);
    const value = answer.SecretString ?? answer.SecretBinary;
    // The SDK does not check that an endpoint keeps to the types.
    if (typeof value !== 'string' && !(value instanceof Uint8Array))
      throw incomplete('neither SecretString nor SecretBinary', answer.$metadata.requestId);
    if (typeof answer.VersionId !== 'string' || answer.VersionId === '')
      throw incomplete('no VersionId', answer.$metadata.requestId);
    return { value: new Secret(value), version: answer.VersionId };
  }

  async #getStages(query: ObjectQuery, credentials: AwsCredentials, options: CallOptions): Promise<Stages> {
    const client = this.#clients.secretsManager(credentials, query.region);
    const command = new DescribeSecretCommand({ SecretId: query.name });
    const answer = await callAws(command, (sending) => client.send(command, sending), options);
    // A deleted secret can still be described: the fetch brings AWS's own error.
    return answer.DeletedDate === undefined ? (answer.VersionIdsToStages ?? {}) : {};
  }
}

function incomplete(what: string, requestId: string | undefined): AwsCallError {
  return new AwsCallError({ kind: 'garbled', code: what, requestIds: requestId === undefined ? [] : [requestId] });
}
