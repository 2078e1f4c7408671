/** Gets secrets from Secrets Manager; what is at hand already is only asked about. */
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Logger } from '../log.js';
import * as budgets from '../budgets.js';
import type { AwsCredentials } from '../mount/ports.js';
import type { HeldObject, ObjectQuery } from '../mount/types.js';
import { Secret } from '../secret.js';
import { AwsCallError, isLost } from './aws-errors.js';
import { callAws, type CallOptions } from './calls/call.js';
import { outcomeOf, type Subject } from './call-failure.js';
import type { AwsClients } from './calls/clients.js';
import type { Answer, Outcome } from './failure.js';
import { JoinableCalls } from './calls/joinable-calls.js';
import type { KeptValues } from './values/kept-values.js';
import { RecentKeys } from './recent-keys.js';
import type { Counted, Region } from './calls/region.js';

/** What DescribeSecret said of a secret. */
interface Description {
  /** The staging labels of each version; empty for a secret that is marked for deletion. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
  readonly askedAtMs: number;
}

export interface SecretsManagerOptions {
  /** False: DescribeSecret is never called, what would be asked about is fetched. */
  readonly describe: boolean;
  readonly log: Logger;
}

/** What may answer a question without a fetch. */
export interface AtHand {
  /** What the volume holds, by the request's own word. */
  readonly held: HeldObject | undefined;
  readonly values: KeptValues;
}

export class SecretsManager {
  readonly #clients: AwsClients;
  readonly #options: SecretsManagerOptions;
  readonly #fetches = new JoinableCalls<Counted<Answer>>();
  readonly #descriptions = new JoinableCalls<Counted<Description>>();
  readonly #denials = new RecentKeys(budgets.rememberedDenials);

  constructor(clients: AwsClients, options: SecretsManagerOptions) {
    this.#clients = clients;
    this.#options = options;
  }

  /**
   * Gives back what is at hand when it is what AWS would answer. DescribeSecret says so at a four times higher quota
   * than GetSecretValue, and without a decryption by KMS.
   */
  fetch(region: Region, query: ObjectQuery, atHand: AtHand): Promise<Outcome> {
    const subject: Subject = {
      service: 'Secrets Manager',
      action: 'secretsmanager:GetSecretValue',
      region,
      trace: {},
    };
    return outcomeOf(this.#answer(subject, query, atHand), subject, query);
  }

  async #answer(subject: Subject, query: ObjectQuery, { held, values }: AtHand): Promise<Answer> {
    const { region } = subject;
    if (values.isFresh(query)) {
      await region.accepted();
      // The token may have taken its time.
      const fresh = values.takeFresh(query);
      if (fresh) return fresh;
    }
    // A version never changes its value: the pinned one needs no question, and any other is not what is held.
    const pinned = query.version !== undefined;
    if (held && pinned && held.version === query.version) return held;
    const current = pinned ? undefined : held;
    const kept = values.revalidatable(query);
    const description = (current ?? kept) && (await this.#describe(region, query, values));
    if (description && current && isCurrent(query, current.version, description)) return current;
    if (description && kept && isCurrent(query, kept.answer.version, description)) {
      return values.confirmed(kept, description.askedAtMs);
    }
    return this.#fetch(subject, query, values);
  }

  async #fetch(subject: Subject, query: ObjectQuery, values: KeptValues): Promise<Answer> {
    const { name, version, versionLabel } = query;
    try {
      const answer = await subject.region.call({
        action: subject.action,
        key: ['secret', name, version, versionLabel],
        shared: this.#fetches,
        trace: subject.trace,
        start: async (credentials, options) => {
          const askedAtMs = values.nowMs();
          const fetched = await this.#getValue(query, credentials, options);
          values.fetched(query, fetched, askedAtMs);
          return fetched;
        },
      });
      values.took(query);
      return answer;
    } catch (error) {
      if (isLost(error)) values.gone(query);
      throw error;
    }
  }

  /** `undefined` where that cannot be found out: the fetch tells it better. */
  async #describe(region: Region, query: ObjectQuery, values: KeptValues): Promise<Description | undefined> {
    // A denial stands in the account's audit trail, and alarms listen to those: one is enough.
    const denial = JSON.stringify([region.identity.principal, region.name, query.name]);
    if (!this.#options.describe || this.#denials.has(denial)) return undefined;
    try {
      return await region.call({
        action: 'secretsmanager:DescribeSecret',
        dispensable: true,
        key: ['describe', query.name],
        shared: this.#descriptions,
        trace: {},
        start: (credentials, options) => this.#getDescription(query, values.nowMs(), credentials, options),
      });
    } catch (error) {
      if (!(error instanceof AwsCallError)) throw error;
      if (error.kind === 'missing') {
        values.gone(query);
        throw error;
      }
      if (error.kind === 'denied') this.#denials.add(denial);
      const { code, requestIds } = error;
      this.#options.log.debug('DescribeSecret failed, the secret is fetched', {
        region: region.name,
        code,
        requestIds,
      });
      return undefined;
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

  async #getDescription(
    query: ObjectQuery,
    askedAtMs: number,
    credentials: AwsCredentials,
    options: CallOptions,
  ): Promise<Description> {
    const client = this.#clients.secretsManager(credentials, query.region);
    const command = new DescribeSecretCommand({ SecretId: query.name });
    const answer = await callAws(command, (sending) => client.send(command, sending), options);
    // A deleted secret can still be described: the fetch brings AWS's own error.
    return { stages: answer.DeletedDate === undefined ? (answer.VersionIdsToStages ?? {}) : {}, askedAtMs };
  }
}

/** Whether AWS would answer the query with this version. */
function isCurrent({ version, versionLabel }: ObjectQuery, known: string, { stages }: Description): boolean {
  if (!Object.hasOwn(stages, known)) return false;
  // A pinned version without a label is what it is as long as AWS lists it.
  if (version !== undefined && versionLabel === undefined) return version === known;
  return stages[known]?.includes(versionLabel ?? 'AWSCURRENT') === true;
}

function incomplete(what: string, requestId: string | undefined): AwsCallError {
  return new AwsCallError({ kind: 'garbled', code: what, requestIds: requestId === undefined ? [] : [requestId] });
}
