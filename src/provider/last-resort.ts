/** The values that serve a pod's start while AWS cannot be reached, where the operator allowed it (`--serve-stale-for`). */
import type { FetchItem } from '../mount/types.js';
import type { Verdict } from './failover.js';
import type { KeptValues } from './values/kept-values.js';
import type { Region } from './calls/region.js';

/**
 * The verdict, or in the place of failures that AWS may not repeat a kept value of the mount's own identity: of the
 * primary region, else of the failover region. The mount's own token must have been accepted there all the same.
 */
export function orLastResort(
  verdict: Verdict,
  { primary, failover }: FetchItem,
  options: { readonly values: KeptValues; readonly regions: ReadonlyMap<string, Region> },
): Verdict {
  if (verdict.kind === 'answer' || verdict.failures.some(({ final }) => final)) return verdict;
  const [ignored] = verdict.failures;
  if (!ignored) return verdict;
  for (const [from, query] of [['primary', primary] as const, ['failover', failover] as const]) {
    if (!query || options.regions.get(query.region)?.isAccepted !== true) continue;
    const kept = options.values.lastResort(query);
    if (kept) return { kind: 'answer', answer: kept.answer, from, ignored, staleMs: kept.ageMs };
  }
  return verdict;
}
