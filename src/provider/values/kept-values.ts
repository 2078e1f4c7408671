/** The value cache as one mount may use it: under its own identity, and by what its volume was given before. */
import * as budgets from '../../budgets.js';
import type { Identity } from '../../mount/ports.js';
import type { ObjectQuery } from '../../mount/types.js';
import type { Answer } from '../failure.js';
import { questionKey } from './question-key.js';
import type { Kept, ValueCache } from './value-cache.js';
import type { Given, VolumeMemory } from './volume-memory.js';

export interface KeptValuesOptions {
  readonly cache: ValueCache;
  readonly volumes: VolumeMemory;
  readonly identity: Pick<Identity, 'key' | 'shares'>;
  readonly volume: string;
  /** No value is reused for its age alone: the request names the versions that the volume holds. */
  readonly revalidate: boolean;
}

/**
 * Nothing here looks at tokens: whoever takes a value must first have seen AWS accept the mount's own
 * (`Region.accepted`).
 */
export class KeptValues {
  readonly #options: KeptValuesOptions;
  readonly #given = new Map<string, Given>();
  /** How many values were reused for their age alone. */
  reused = 0;

  constructor(options: KeptValuesOptions) {
    this.#options = options;
  }

  /** The clock of the cache. */
  nowMs(): number {
    return this.#options.cache.nowMs();
  }

  /** Whether the age of the kept value alone allows to reuse it at this moment. */
  isFresh(query: ObjectQuery): boolean {
    return this.#fresh(this.#key(query)) !== undefined;
  }

  /** The value for a question when its age alone allows to reuse it: no call is needed. */
  takeFresh(query: ObjectQuery): Answer | undefined {
    const key = this.#key(query);
    const kept = this.#fresh(key);
    if (!kept) return undefined;
    this.reused += 1;
    return this.#give(kept);
  }

  /** A value that serves again if AWS says that it is current. A volume's first mount gets none: it must fetch. */
  revalidatable(query: ObjectQuery): Kept | undefined {
    const { cache, volumes, volume, revalidate } = this.#options;
    const key = this.#key(query);
    if (!revalidate && !volumes.of(volume).has(key)) return undefined;
    const kept = cache.get(key);
    return kept && cache.nowMs() < kept.fetchedAtMs + budgets.valueRevalidationMs ? kept : undefined;
  }

  /** AWS, asked at `askedAtMs`, said that the value is current. */
  confirmed(kept: Kept, askedAtMs: number): Answer {
    const { cache } = this.#options;
    cache.confirm(kept, askedAtMs);
    return this.#give(cache.get(kept.key) ?? kept);
  }

  /** What AWS answered to a fetch that was asked at `askedAtMs`; for the mount that asked. */
  fetched(query: ObjectQuery, answer: Answer, askedAtMs: number): void {
    // Nobody could ever ask for what is kept under the key of one mount alone.
    if (this.#options.identity.shares) this.#options.cache.put(this.#key(query), answer, askedAtMs);
  }

  /** The mount takes an answer that was just fetched, by itself or by another of its identity. */
  took(query: ObjectQuery): void {
    const key = this.#key(query);
    const kept = this.#options.cache.get(key);
    if (kept) this.#give(kept);
  }

  /** AWS no longer gives it. */
  gone(query: ObjectQuery): void {
    this.#options.cache.drop(this.#key(query));
  }

  /** For a first mount while AWS cannot be reached: the value and its age, when it is not too old for that. */
  lastResort(query: ObjectQuery): { readonly answer: Answer; readonly ageMs: number } | undefined {
    const { cache, volumes, volume } = this.#options;
    const key = this.#key(query);
    // A volume that is mounted keeps what it has when its mount fails.
    if (cache.staleMs === 0 || volumes.of(volume).has(key)) return undefined;
    const kept = cache.get(key);
    const now = cache.nowMs();
    if (!kept || now >= kept.freshUntilMs + cache.staleMs) return undefined;
    return { answer: kept.answer, ageMs: now - kept.saidAtMs };
  }

  /** The volume holds what this mount took. */
  delivered(): void {
    const { cache, volumes, volume } = this.#options;
    if (cache.ttlMs > 0) volumes.remember(volume, this.#given);
  }

  #fresh(key: string): Kept | undefined {
    const { cache, volumes, volume, revalidate } = this.#options;
    const before = volumes.of(volume).get(key);
    if (revalidate || !before) return undefined;
    const kept = cache.get(key);
    const now = cache.nowMs();
    if (!kept || now >= kept.freshUntilMs) return undefined;
    const isNews = kept.saidAtMs > before.saidAtMs;
    const isRetry = kept.saidAtMs === before.saidAtMs && now - before.givenAtMs <= budgets.valueRetryMs;
    return isNews || isRetry ? kept : undefined;
  }

  #give(kept: Kept): Answer {
    const { cache, volumes, volume } = this.#options;
    const before = volumes.of(volume).get(kept.key);
    // Retries of one answer do not begin its time anew.
    const givenAtMs = before?.saidAtMs === kept.saidAtMs ? before.givenAtMs : cache.nowMs();
    this.#given.set(kept.key, { saidAtMs: kept.saidAtMs, givenAtMs });
    return kept.answer;
  }

  #key(query: ObjectQuery): string {
    return JSON.stringify([this.#options.identity.key, questionKey(query)]);
  }
}
