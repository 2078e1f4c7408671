/** Quotas: how many requests a second AWS takes for one account and region. */
import type { StandInOptions } from './types.js';

type Quotas = NonNullable<StandInOptions['requestsPerSecond']>;

export interface QuotaOwner {
  readonly service: keyof Quotas;
  readonly account: string;
  readonly region: string | undefined;
}

/** Token buckets that hold one second's worth. */
export class RateLimits {
  readonly #quotas: Quotas;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(quotas: Quotas = {}) {
    this.#quotas = quotas;
  }

  /** Takes one request at the time `now` (milliseconds); false when the quota is used up. */
  take({ service, account, region }: QuotaOwner, now: number): boolean {
    const quota = this.#quotas[service];
    if (quota === undefined) return true;
    const key = `${service}/${account}/${region ?? ''}`;
    const bucket = this.#buckets.get(key) ?? { tokens: quota, at: now };
    this.#buckets.set(key, bucket);
    bucket.tokens = Math.min(quota, bucket.tokens + ((now - bucket.at) / 1000) * quota);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
