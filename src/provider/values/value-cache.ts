/** Values of AWS kept for the volumes of one identity, for a short time and in bounded memory. */
import * as budgets from '../../budgets.js';
import { Secret } from '../../secret.js';
import type { Answer } from '../failure.js';

export interface ValueCacheOptions {
  /** How long a value is reused for its age alone, in milliseconds; 0: nothing is kept. */
  readonly ttlMs: number;
  /** How much longer a value may serve while AWS cannot be reached, in milliseconds. */
  readonly staleMs: number;
  /** Bytes of all kept values, with what keeping each costs. */
  readonly maxBytes: number;
  /** For tests; `performance.now()` otherwise. */
  readonly nowMs?: (() => number) | undefined;
  /** For tests; from 0 to 1. */
  readonly random?: (() => number) | undefined;
}

/** A kept answer. It is never changed: what became known of it later is a new one. */
export interface Kept {
  /** The very text that the cache holds: who remembers an answer by it keeps no copy of a long one. */
  readonly key: string;
  readonly answer: Answer;
  /** When GetSecretValue or GetParameters was asked. */
  readonly fetchedAtMs: number;
  /** When AWS was last asked and said that this is the answer; later than any such moment of the answers before it. */
  readonly saidAtMs: number;
  /** From then on AWS is asked again. */
  readonly freshUntilMs: number;
}

/** What an entry weighs beside its value: key, objects, and the allocation itself. */
const entryBytes = 1024;

/** Part of the time to live by which expiry is spread, so that what was fetched together is not asked for together. */
const jitter = 0.1;

/** The least recently used values go first. Keys hold everything that changes the answer, the identity first. */
export class ValueCache {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly nowMs: () => number;
  readonly #maxBytes: number;
  readonly #random: () => number;
  readonly #entries = new Map<string, Kept>();
  #bytes = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: ValueCacheOptions) {
    this.ttlMs = options.ttlMs;
    this.staleMs = options.staleMs;
    this.#maxBytes = options.maxBytes;
    this.nowMs = options.nowMs ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
  }

  /** The size of what is kept, for tests and the curious. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Kept | undefined {
    const kept = this.#entries.get(key);
    if (!kept) return undefined;
    this.#remove(key);
    if (this.#isOver(kept)) return undefined;
    this.#insert(kept);
    return kept;
  }

  /** Keeps what AWS answered to a fetch that was asked at `askedAtMs`, unless something newer is there. */
  put(key: string, answer: Answer, askedAtMs: number): void {
    if (this.ttlMs === 0) return;
    const present = this.#entries.get(key);
    if (present && present.saidAtMs >= askedAtMs) return;
    this.#remove(key);
    if (answer.value.byteLength + entryBytes > this.#maxBytes) return;
    this.#insert({
      key: present?.key ?? key,
      answer: { value: ownCopy(answer.value), version: answer.version },
      fetchedAtMs: askedAtMs,
      ...this.#said(askedAtMs, askedAtMs),
    });
    this.#sweepLater();
  }

  /** AWS, asked at `askedAtMs`, said that `kept` is what it would answer. */
  confirm(kept: Kept, askedAtMs: number): void {
    const present = this.#entries.get(kept.key);
    if (present?.answer !== kept.answer || present.saidAtMs >= askedAtMs) return;
    this.#entries.set(present.key, { ...present, ...this.#said(askedAtMs, present.fetchedAtMs) });
  }

  /** Forgets what AWS no longer gives. */
  drop(key: string): void {
    this.#remove(key);
  }

  #said(askedAtMs: number, fetchedAtMs: number): Pick<Kept, 'saidAtMs' | 'freshUntilMs'> {
    const expiryMs = askedAtMs + this.ttlMs * (1 - jitter * this.#random());
    return { saidAtMs: askedAtMs, freshUntilMs: Math.min(expiryMs, fetchedAtMs + budgets.valueRevalidationMs) };
  }

  #insert(kept: Kept): void {
    this.#entries.set(kept.key, kept);
    this.#bytes += kept.answer.value.byteLength + entryBytes;
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const kept = this.#entries.get(key);
    if (!kept) return;
    this.#entries.delete(key);
    this.#bytes -= kept.answer.value.byteLength + entryBytes;
  }

  /** Nothing can be done with it any more: it can neither be revalidated nor serve as the last resort. */
  #isOver({ fetchedAtMs, freshUntilMs }: Kept): boolean {
    const now = this.nowMs();
    return now >= fetchedAtMs + budgets.valueRevalidationMs && now >= freshUntilMs + this.staleMs;
  }

  /** Values leave the memory when their time is over, and not only when somebody asks for them. */
  #sweepLater(): void {
    this.#sweeper ??= setTimeout(() => {
      this.#sweeper = undefined;
      for (const [key, kept] of this.#entries) if (this.#isOver(kept)) this.#remove(key);
      if (this.#entries.size > 0) this.#sweepLater();
    }, budgets.valueSweepMs).unref();
  }
}

/** A small buffer of Node is a slice of a larger one, which it would keep alive. */
function ownCopy(value: Secret): Secret {
  const bytes = Buffer.allocUnsafeSlow(value.byteLength);
  value.reveal().copy(bytes);
  return new Secret(bytes);
}
