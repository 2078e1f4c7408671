/** Tells what failed, and what was overlooked, object by object in request order; equal sentences are told once. */
import * as budgets from '../budgets.js';
import { combineErrors, ProviderError, quote } from '../errors.js';
import type { MountContext } from '../mount/ports.js';
import type { FetchedObject, FetchItem } from '../mount/types.js';
import type { Verdict } from './failover.js';
import type { Failure } from './failure.js';

/** What there is to say about one object. */
interface Finding {
  readonly item: FetchItem;
  readonly failures: readonly Failure[];
  /** What became of the object nevertheless. */
  readonly consequence?: string;
}

/**
 * The objects of a mount, in the order of its items; what was overlooked goes to its log line.
 * @param verdicts one for each item, in the same order
 * @throws ProviderError with everything that failed
 */
export function conclude(
  items: readonly FetchItem[],
  verdicts: readonly Verdict[],
  context: MountContext,
): readonly FetchedObject[] {
  const fetched: FetchedObject[] = [];
  const failed: Finding[] = [];
  const overlooked: Finding[] = [];
  for (const [position, item] of items.entries()) {
    const verdict = verdicts[position];
    if (!verdict) throw new TypeError('an item without a verdict');
    if (verdict.kind === 'failures') {
      failed.push({ item, failures: verdict.failures });
      continue;
    }
    const { region } = (verdict.from === 'failover' ? item.failover : undefined) ?? item.primary;
    fetched.push({ value: verdict.answer.value, version: verdict.answer.version, region });
    const { ignored } = verdict;
    if (ignored) overlooked.push({ item, failures: [ignored], consequence: consequenceOf(verdict, region, ignored) });
  }
  if (failed.length > 0) throw combineErrors(findingErrors(failed));
  warnOf(overlooked, context);
  return fetched;
}

function consequenceOf(
  { from, staleMs }: { readonly from: 'primary' | 'failover'; readonly staleMs?: number },
  region: string,
  ignored: Failure,
): string {
  if (staleMs !== undefined) {
    return `served from memory as ${region} gave it ${Math.round(staleMs / 1000)} s ago (--serve-stale-for)`;
  }
  if (from === 'failover') return `served by failover region ${region}`;
  if (ignored.denied) return `served by ${region}, and ignored because of --tolerate-failover-denied`;
  return `served by ${region}, with no failover at present`;
}

/** One error for each different sentence, in the order of the first object that it is about. */
function findingErrors(findings: readonly Finding[]): ProviderError[] {
  return groupsOf(findings).map(({ text, group, failures }) => {
    const weighty = failures.find((failure) => failure.final) ?? failures[0];
    // What holds for a whole region needs no list of everything in it.
    const subject = failures.every(({ wholeRegion }) => wholeRegion) ? '' : `${objectNames(group)}: `;
    return new ProviderError(weighty?.code ?? 'aws_unavailable', `${subject}${text}`, {
      requestIds: requestIdsOf(group),
      cause: weighty?.cause,
    });
  });
}

function warnOf(findings: readonly Finding[], context: MountContext): void {
  for (const { text, group } of groupsOf(findings)) context.warn(`${objectNames(group)}: ${text}`);
  const requestIds = requestIdsOf(findings);
  if (requestIds.length > 0) context.note({ requestIds });
}

interface Group {
  readonly text: string;
  readonly failures: readonly Failure[];
  readonly group: readonly Finding[];
}

/** Findings with one sentence, together. */
function groupsOf(findings: readonly Finding[]): readonly Group[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const text = sentence(finding);
    const group = groups.get(text) ?? [];
    group.push(finding);
    groups.set(text, group);
  }
  return [...groups].map(([text, group]) => ({ text, group, failures: group[0]?.failures ?? [] }));
}

function sentence({ failures, consequence }: Finding): string {
  const reasons = [...new Set(failures.map(({ text }) => text))].join('; ');
  return consequence === undefined ? reasons : `${consequence}: ${reasons}`;
}

/** All request ids, each once. */
function requestIdsOf(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ failures }) => failures.flatMap(({ requestIds }) => requestIds)))];
}

/** `objects[0] "a", objects[3] "b"`, as many as leave room for the reason in a status message. */
function objectNames(group: readonly Finding[]): string {
  const names: string[] = [];
  let length = 0;
  for (const { item } of group) {
    const name = `objects[${item.index}] ${quote(item.primary.name)}`;
    length += name.length;
    if (names.length > 0 && length > budgets.findingsCharacters / 2) {
      return `${names.join(', ')} and ${group.length - names.length} more`;
    }
    names.push(name);
  }
  return names.join(', ');
}
