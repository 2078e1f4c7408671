/** Gets parameters from Parameter Store, ten in a call. */
import type { Parameter } from '@aws-sdk/client-ssm';
import * as budgets from '../budgets.js';
import type { AwsCredentials } from '../mount/ports.js';
import type { ObjectQuery } from '../mount/types.js';
import type { CountingOptions } from '../network/whole-answer.js';
import { Secret } from '../secret.js';
import { callAws, type CallOptions } from './calls/call.js';
import { AwsCallError, isLost } from './aws-errors.js';
import { failureOf, missingFailure, type Subject } from './call-failure.js';
import type { AwsClients } from './calls/clients.js';
import type { Answer, Outcome } from './failure.js';
import { JoinableCalls } from './calls/joinable-calls.js';
import type { KeptValues } from './values/kept-values.js';
import { bareName, batchesOf, isSecretReference, requestName } from './parameter-names.js';
import type { Counted, Region } from './calls/region.js';

/** The answer to one batch, by bare name. */
interface Batch {
  readonly found: ReadonlyMap<string, Answer>;
  readonly invalid: ReadonlySet<string>;
}

export class ParameterStore {
  readonly #clients: AwsClients;
  readonly #batches = new JoinableCalls<Counted<Batch>>();

  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /** @returns for each query, in order, what becomes of it; the quota is small, so they go in as few calls as possible */
  fetch(
    region: Region,
    queries: readonly ObjectQuery[],
    values: KeptValues,
  ): ReadonlyMap<ObjectQuery, Promise<Outcome>> {
    const fresh = queries.filter((query) => values.isFresh(query));
    const outcomes = this.#ask(
      region,
      queries.filter((query) => !fresh.includes(query)),
      values,
    );
    for (const query of fresh) outcomes.set(query, this.#reuse(region, query, values));
    return outcomes;
  }

  /** The kept value, once AWS has accepted the mount's own token; fetched after all when that took too long. */
  async #reuse(region: Region, query: ObjectQuery, values: KeptValues): Promise<Outcome> {
    try {
      await region.accepted();
    } catch (error) {
      return { kind: 'failure', failure: failureOf(error, subjectIn(region), query) };
    }
    const answer = values.takeFresh(query);
    if (answer) return { kind: 'answer', answer };
    const late = this.#ask(region, [query], values).get(query);
    if (!late) throw new TypeError('a query of no batch');
    return late;
  }

  #ask(region: Region, queries: readonly ObjectQuery[], values: KeptValues): Map<ObjectQuery, Promise<Outcome>> {
    const outcomes = new Map<ObjectQuery, Promise<Outcome>>();
    for (const queriesOfBatch of batchesOf(queries)) {
      const subject = subjectIn(region);
      const batch = this.#fetchBatch(subject, queriesOfBatch, values);
      for (const query of queriesOfBatch) outcomes.set(query, outcomeInBatch(batch, { subject, query, values }));
    }
    return outcomes;
  }

  #fetchBatch(subject: Subject, queries: readonly ObjectQuery[], values: KeptValues): Promise<Batch> {
    const names = queries.map(requestName);
    return subject.region.call({
      action: subject.action,
      key: ['parameters', ...names],
      shared: this.#batches,
      trace: subject.trace,
      start: async (credentials, options) => {
        const askedAtMs = values.nowMs();
        const batch = await this.#getParameters(names, subject.region.name, credentials, options).catch(
          (error: unknown) => {
            // Which of the names was refused, AWS says in words alone.
            if (isLost(error)) for (const query of queries) values.gone(query);
            throw error;
          },
        );
        for (const query of queries) {
          const answer = batch.found.get(bareName(query.name));
          if (answer) values.fetched(query, answer, askedAtMs);
          else values.gone(query);
        }
        return batch;
      },
    });
  }

  async #getParameters(
    names: string[],
    region: string,
    credentials: AwsCredentials,
    options: CallOptions,
  ): Promise<Batch> {
    const { GetParametersCommand } = await import('./calls/ssm-sdk.js');
    const client = await this.#clients.ssm(credentials, region);
    const command = new GetParametersCommand({ Names: names, WithDecryption: true });
    // Each may be a whole secret, and stands in its answer twice.
    const maxBytes = budgets.awsAnswerBytes * Math.max(1, names.filter(isSecretReference).length);
    const send = (sending: CountingOptions) => {
      const ample: CountingOptions = { ...sending, maxBytes };
      return client.send(command, ample);
    };
    const answer = await callAws(command, send, options);
    const found = new Map<string, Answer>();
    for (const parameter of answer.Parameters ?? []) {
      const { Name, Value, Version } = parameter;
      // The SDK does not check that an endpoint keeps to the types.
      if (typeof Name !== 'string' || typeof Value !== 'string' || typeof Version !== 'number') continue;
      found.set(bareName(Name), { value: new Secret(Value), version: versionOf(parameter, Name, Version) });
    }
    return { found, invalid: new Set((answer.InvalidParameters ?? []).map(bareName)) };
  }
}

function subjectIn(region: Region): Subject {
  return { service: 'Parameter Store', action: 'ssm:GetParameters', region, trace: {} };
}

interface Waiting {
  readonly subject: Subject;
  readonly query: ObjectQuery;
  readonly values: KeptValues;
}

async function outcomeInBatch(pending: Promise<Batch>, { subject, query, values }: Waiting): Promise<Outcome> {
  let batch: Batch;
  try {
    batch = await pending;
  } catch (error) {
    return { kind: 'failure', failure: failureOf(error, subject, query) };
  }
  const name = bareName(query.name);
  const answer = batch.found.get(name);
  if (answer) {
    values.took(query);
    return { kind: 'answer', answer };
  }
  if (batch.invalid.has(name)) return { kind: 'failure', failure: missingFailure(subject, query) };
  const absent = new AwsCallError({ kind: 'garbled', code: 'the parameter is neither found nor invalid' });
  return { kind: 'failure', failure: failureOf(absent, subject, query) };
}

/** A reference to a secret always has version 0; the secret's own version stands in what Secrets Manager had said. */
function versionOf({ SourceResult }: Parameter, name: string, version: number): string {
  const secretVersion = isSecretReference(name) && SourceResult !== undefined ? versionIdIn(SourceResult) : undefined;
  return secretVersion ?? String(version);
}

function versionIdIn(sourceResult: string): string | undefined {
  let source: unknown;
  try {
    source = JSON.parse(sourceResult);
  } catch {
    // The error would quote the text, which may hold the value. The parameter's own version is the next best.
    return undefined;
  }
  if (typeof source !== 'object' || source === null) return undefined;
  const entry = Object.entries(source).find(([key]) => key.toLowerCase() === 'versionid');
  const value: unknown = entry?.[1];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
