/** Which of two regions' words about one object counts. */
import type { Outcome, Answer, Failure } from './failure.js';

/** What was decided about one object. */
export type Verdict =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      readonly from: 'primary' | 'failover';
      /** Why the other region's word does not count; absent when it agrees or there is none. */
      readonly ignored?: Failure;
      /** Set when AWS gave no answer and a kept one serves: how long ago AWS last said that it is current. */
      readonly staleMs?: number;
    }
  | { readonly kind: 'failures'; readonly failures: readonly Failure[] };

export interface FailoverOptions {
  readonly primary: Promise<Outcome>;
  readonly failover: Promise<Outcome>;
  /** Ends when a region that has not answered counts as one that hangs. */
  readonly patience: Promise<void>;
  /** What to say of the primary, and of the failover region, when it hangs. */
  readonly hung: { readonly primary: Failure; readonly failover: Failure };
  /** A denial by the second region is ignored as long as the first answers. */
  readonly tolerateDenied: boolean;
}

/**
 * Hears both regions, since a final refusal of either fails the mount; but once patience is at an end, the first of
 * them that decides the matter is enough.
 */
export async function hearBoth(options: FailoverOptions): Promise<Verdict> {
  const heard: { primary?: Outcome; failover?: Outcome } = {};
  const primary = options.primary.then((outcome) => (heard.primary = outcome));
  const failover = options.failover.then((outcome) => (heard.failover = outcome));
  const both = Promise.all([primary, failover]);
  await Promise.race([both, options.patience]);
  await Promise.race([
    both,
    when(primary, (outcome) => isAnswer(outcome) || isFinal(outcome)),
    when(failover, (outcome) => isAnswer(outcome) || (isFinal(outcome) && !isTolerated(outcome, options))),
  ]);
  return judge(
    heard.primary ?? { kind: 'failure', failure: options.hung.primary },
    heard.failover ?? { kind: 'failure', failure: options.hung.failover },
    options.tolerateDenied,
  );
}

/** The verdict when there is only one region. */
export function judgeAlone(outcome: Outcome): Verdict {
  return outcome.kind === 'answer'
    ? { kind: 'answer', answer: outcome.answer, from: 'primary' }
    : { kind: 'failures', failures: [outcome.failure] };
}

/** The table of failover: what the two words together mean. */
export function judge(primary: Outcome, failover: Outcome, tolerateDenied: boolean): Verdict {
  if (primary.kind === 'answer') {
    if (failover.kind === 'answer') return { kind: 'answer', answer: primary.answer, from: 'primary' };
    const ignored = failover.failure;
    if (ignored.final && !isTolerated(failover, { tolerateDenied })) return { kind: 'failures', failures: [ignored] };
    return { kind: 'answer', answer: primary.answer, from: 'primary', ignored };
  }
  if (failover.kind === 'failure') return { kind: 'failures', failures: [primary.failure, failover.failure] };
  if (primary.failure.final) return { kind: 'failures', failures: [primary.failure] };
  return { kind: 'answer', answer: failover.answer, from: 'failover', ignored: primary.failure };
}

function isAnswer(outcome: Outcome): boolean {
  return outcome.kind === 'answer';
}

function isFinal(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && outcome.failure.final;
}

function isTolerated(outcome: Outcome, { tolerateDenied }: { readonly tolerateDenied: boolean }): boolean {
  return tolerateDenied && outcome.kind === 'failure' && outcome.failure.denied;
}

/** Ends when the outcome is such a one; otherwise never. */
function when(pending: Promise<Outcome>, accepts: (outcome: Outcome) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    pending.then((outcome) => {
      if (accepts(outcome)) resolve();
    }, reject);
  });
}
