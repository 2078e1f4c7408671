/** What the page on scale is computed from: calls that were measured, times of kubelet, quotas and prices of AWS. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export type Action = 'GetSecretValue' | 'DescribeSecret' | 'AssumeRoleWithWebIdentity';

/** Calls of one mount. */
export type CallsOfMount = Readonly<
  Partial<Record<Action, { readonly perSecret?: number; readonly perMount?: number }>>
>;

export interface Facts {
  readonly calls: {
    readonly thisProvider: Readonly<Record<'first' | 'revalidated' | 'kept', CallsOfMount>>;
    readonly keepsNothing: { readonly every: CallsOfMount };
  };
  /** In seconds. */
  readonly times: Readonly<Record<'kubelet' | 'cacheTtl' | 'fetchAtLatest' | 'token', number>>;
  readonly attempts: number;
  readonly quotas: Readonly<Record<Action | 'GetParameters' | 'GetParametersHigher', number>> & {
    readonly date: string;
  };
  readonly prices: Readonly<Record<'secretsManager' | 'kmsDecrypt' | 'parameterStoreHigher', number>> & {
    readonly date: string;
  };
}

export const facts = JSON.parse(readFileSync(path.join(import.meta.dirname, 'facts.json'), 'utf8')) as Facts;

/** Calls of one mount of so many secrets. */
export function callsOf(mount: CallsOfMount, action: Action, secrets: number): number {
  const { perSecret = 0, perMount = 0 } = mount[action] ?? {};
  return perSecret * secrets + perMount;
}
