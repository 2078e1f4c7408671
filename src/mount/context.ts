/** The clock and the notebook of one running mount: when it must stop, and what its log line will say. */
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import { startTimer } from '../fair-timer.js';
import type { LogFields } from '../log.js';
import type { CallKind, MountContext, MountNotes, WaitKind } from './ports.js';

/** Most warnings that a mount's log line carries; what tenants write costs bounded log. */
const warningLimit = 20;

export interface RunningMount {
  readonly context: MountContext;
  /** Ends the mount early, with the error it fails with; the first reason stays. */
  readonly stop: (reason: ProviderError) => void;
  /** The caller has the answer, or is gone. */
  readonly answered: () => void;
  /** Releases the timer; gives what was noted, counted and warned of, and the time it took. */
  readonly end: () => LogFields;
}

/**
 * Starts the clock of a mount.
 * @param options.deadlineMs what is left of the caller's deadline in milliseconds; absent when it set none
 */
export function startMountContext(options: { readonly deadlineMs?: number } = {}): RunningMount {
  const started = performance.now();
  const budgetMs = mountBudget(options.deadlineMs);
  const controller = new AbortController();
  const notebook = new Notebook();
  const cancelTimer = startTimer(budgetMs, () => {
    controller.abort(
      new ProviderError('timed_out', `not finished within ${Math.round(budgetMs)} ms; kubelet will try again`),
    );
  });
  let isAnswered = false;
  const afterAnswer: (() => void)[] = [];
  const context: MountContext = {
    signal: controller.signal,
    timeLeftMs: () => Math.max(0, started + budgetMs - performance.now()),
    warn: (message) => {
      notebook.warn(message);
    },
    count: (kind) => {
      notebook.count(kind);
    },
    note: (notes) => {
      notebook.note(notes);
    },
    startWait: (kind) => notebook.startWait(kind),
    afterAnswer: (work) => {
      if (isAnswered) work();
      else afterAnswer.push(work);
    },
  };
  return {
    context,
    answered: () => {
      isAnswered = true;
      for (const work of afterAnswer.splice(0)) work();
    },
    stop: (reason) => {
      if (!controller.signal.aborted) controller.abort(reason);
    },
    end: () => {
      cancelTimer();
      return { ...notebook.fields(), durationMs: Math.round(performance.now() - started) };
    },
  };
}

/** Milliseconds that a mount may take when its caller waits `deadlineMs` longer. */
export function mountBudget(deadlineMs: number | undefined): number {
  if (deadlineMs === undefined || !Number.isFinite(deadlineMs)) return budgets.mountBudgetMs;
  return Math.max(0, Math.min(budgets.mountBudgetMs, deadlineMs * budgets.deadlineShare));
}

class Notebook {
  #notes: MountNotes = {};
  readonly #counts: Record<CallKind, number> = { aws: 0, sts: 0, agent: 0, kubernetes: 0 };
  readonly #waits: Record<WaitKind, Waits> = { turn: new Waits(), throttling: new Waits() };
  readonly #warnings = new Set<string>();
  #moreWarnings = 0;

  note(notes: MountNotes): void {
    this.#notes = { ...this.#notes, ...notes };
  }

  count(kind: CallKind): void {
    this.#counts[kind] += 1;
  }

  startWait(kind: WaitKind): () => void {
    return this.#waits[kind].start();
  }

  warn(message: string): void {
    if (this.#warnings.has(message)) return;
    if (this.#warnings.size < warningLimit) this.#warnings.add(message);
    else this.#moreWarnings += 1;
  }

  fields(): LogFields {
    const warnings = [...this.#warnings];
    if (this.#moreWarnings > 0) warnings.push(`and ${String(this.#moreWarnings)} more`);
    return {
      ...this.#notes,
      awsCalls: this.#counts.aws,
      stsCalls: this.#counts.sts,
      agentCalls: this.#counts.agent,
      kubernetesCalls: this.#counts.kubernetes,
      waitedMs: this.#waits.turn.totalMs(),
      throttledMs: this.#waits.throttling.totalMs(),
      warnings: warnings.length > 0 ? warnings : undefined,
    };
  }
}

/** The time in which at least one of several waits went on. */
class Waits {
  #goingOn = 0;
  #since = 0;
  #pastMs = 0;

  start(): () => void {
    if (this.#goingOn === 0) this.#since = performance.now();
    this.#goingOn += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#goingOn -= 1;
      if (this.#goingOn === 0) this.#pastMs += performance.now() - this.#since;
    };
  }

  /** In whole milliseconds; `undefined` below one. */
  totalMs(): number | undefined {
    const openMs = this.#goingOn > 0 ? performance.now() - this.#since : 0;
    return Math.round(this.#pastMs + openMs) || undefined;
  }
}
