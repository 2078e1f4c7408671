/** What a mount asks AWS: each question once, however many objects wait for its answer. */
import type { FetchItem, HeldObject, ObjectQuery } from '../mount/types.js';
import type { Outcome } from './failure.js';
import type { KeptValues } from './values/kept-values.js';
import type { ParameterStore } from './parameter-store.js';
import { questionKey } from './values/question-key.js';
import type { Region } from './calls/region.js';
import type { SecretsManager } from './secrets-manager.js';

export interface AskOptions {
  readonly items: readonly FetchItem[];
  readonly regions: ReadonlyMap<string, Region>;
  readonly values: KeptValues;
  readonly secretsManager: SecretsManager;
  readonly parameterStore: ParameterStore;
}

interface Question {
  readonly query: ObjectQuery;
  /** What the volume holds for each object that waits for the answer. */
  readonly held: (HeldObject | undefined)[];
}

/** Asks everything at once. @returns the outcome of a query of the items */
export function askAll(options: AskOptions): (query: ObjectQuery) => Promise<Outcome> {
  const questions = distinctQuestions(options.items);
  const outcomes = new Map<string, Promise<Outcome>>();
  for (const region of options.regions.values()) {
    const ofRegion = [...questions].filter(([, { query }]) => query.region === region.name);
    const parameters = ofRegion.filter(([, { query }]) => query.type === 'ssmparameter');
    const batches = options.parameterStore.fetch(
      region,
      parameters.map(([, { query }]) => query),
      options.values,
    );
    for (const [key, { query, held }] of ofRegion) {
      outcomes.set(
        key,
        batches.get(query) ??
          options.secretsManager.fetch(region, query, { held: agreed(held), values: options.values }),
      );
    }
  }
  return (query) => {
    const outcome = outcomes.get(questionKey(query));
    if (!outcome) throw new TypeError('a query of no item');
    return outcome;
  };
}

function distinctQuestions(items: readonly FetchItem[]): ReadonlyMap<string, Question> {
  const questions = new Map<string, Question>();
  for (const { primary, failover, held } of items) {
    for (const query of failover ? [primary, failover] : [primary]) {
      const key = questionKey(query);
      const question = questions.get(key) ?? { query, held: [] };
      question.held.push(held);
      questions.set(key, question);
    }
  }
  return questions;
}

/** What all the objects hold alike; where they differ, or one holds nothing, the value is fetched for all. */
function agreed(held: readonly (HeldObject | undefined)[]): HeldObject | undefined {
  const [first] = held;
  const same = held.every((other) => first && other?.version === first.version && other.value.equals(first.value));
  return same ? first : undefined;
}
