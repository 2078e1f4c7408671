/** Credentials kept in memory under the very token that earned them, never longer than that token is good. */
import * as budgets from '../budgets.js';
import type { AwsCredentials } from '../mount/ports.js';
import { SharedCalls } from '../shared-calls.js';

/** What an exchange with AWS brought. */
export interface Earned {
  readonly credentials: AwsCredentials;
  /** From then on they are earned anew; `undefined` when that is not known: they are not kept. */
  readonly usableUntil: Date | undefined;
}

interface Entry {
  readonly credentials: AwsCredentials;
  readonly usableUntil: number;
}

/** Bounded; the least recently used go first. Refusals and failures are not kept. */
export class CredentialCache {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #inFlight = new SharedCalls<AwsCredentials>();

  constructor(options: { readonly limit?: number; readonly now?: () => number } = {}) {
    this.#limit = options.limit ?? budgets.credentialEntries;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Kept credentials, or what `earn` brings; callers of one key that come meanwhile wait for the same exchange.
   * @param key must hold a hash of the token: it alone separates one pod from another
   * @throws what `earn` throws, or `signal.reason`
   */
  async obtain(
    key: string,
    signal: AbortSignal,
    earn: (signal: AbortSignal) => Promise<Earned>,
  ): Promise<AwsCredentials> {
    const kept = this.#take(key);
    if (kept !== undefined) return kept;
    return this.#inFlight.run(key, signal, async (shared) => {
      const earned = await earn(shared);
      this.#keep(key, earned);
      return earned.credentials;
    });
  }

  /** Forgets these credentials; newer ones of the same key stay. */
  drop(key: string, credentials: AwsCredentials): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && sameCredentials(entry.credentials, credentials)) this.#entries.delete(key);
  }

  #take(key: string): AwsCredentials | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (this.#now() >= entry.usableUntil) return undefined;
    this.#entries.set(key, entry);
    return entry.credentials;
  }

  #keep(key: string, { credentials, usableUntil }: Earned): void {
    const now = this.#now();
    // Nobody tells us when a pod ends: its secrets leave the memory at the latest when somebody else earns some.
    for (const [other, entry] of this.#entries) if (entry.usableUntil <= now) this.#entries.delete(other);
    if (usableUntil === undefined || usableUntil.getTime() <= now) return;
    this.#entries.delete(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#limit) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { credentials, usableUntil: usableUntil.getTime() });
  }
}

export interface Lifetime {
  /** When AWS ends them. */
  readonly awsExpiresAt: Date | undefined;
  readonly tokenExpiresAt: Date | undefined;
  /** Longest time in this process, from `earnedAt` on, in milliseconds. */
  readonly longestMs?: number;
  readonly earnedAt: Date;
}

/**
 * Until when credentials may be used again: a margin before AWS ends them, and never past their token. The margin
 * shrinks with short sessions, which it would otherwise swallow whole. `undefined` when either end is unknown.
 */
export function usableUntil({ awsExpiresAt, tokenExpiresAt, longestMs, earnedAt }: Lifetime): Date | undefined {
  if (awsExpiresAt === undefined || tokenExpiresAt === undefined) return undefined;
  const earned = earnedAt.getTime();
  const sessionMs = awsExpiresAt.getTime() - earned;
  const marginMs = Math.min(budgets.credentialMarginMs, sessionMs / 5);
  return new Date(
    Math.min(
      awsExpiresAt.getTime() - marginMs,
      tokenExpiresAt.getTime(),
      longestMs === undefined ? Number.POSITIVE_INFINITY : earned + longestMs,
    ),
  );
}

function sameCredentials(one: AwsCredentials, other: AwsCredentials): boolean {
  return one.accessKeyId === other.accessKeyId && one.sessionToken.equals(other.sessionToken);
}
