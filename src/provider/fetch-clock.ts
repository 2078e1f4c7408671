/** The time of one fetch: it ends before the mount's own, so that there is time left to say what was missing, and where. */
import { setMaxListeners } from 'node:events';
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import type { MountContext } from '../mount/ports.js';
import { startTimer } from '../fair-timer.js';

export interface FetchClock {
  /** The mount's context with the fetch's own signal and time. */
  readonly context: MountContext;
  /** Ends the fetch: what is still under way for it stops. */
  readonly stop: () => void;
}

/** Longest time that a timer of Node takes. */
const longestTimerMs = 2 ** 31 - 1;

export function startFetchClock(mount: MountContext): FetchClock {
  const budgetMs = Math.min(mount.timeLeftMs() * budgets.fetchShare, longestTimerMs);
  const end = performance.now() + budgetMs;
  const controller = new AbortController();
  // Every call of the mount listens to it: many are no leak, of which Node would warn on standard error.
  setMaxListeners(0, controller.signal);
  const abort = (reason: unknown): void => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const onMountEnd = (): void => {
    abort(mount.signal.reason);
  };
  mount.signal.addEventListener('abort', onMountEnd, { once: true });
  const stopTimer = startTimer(budgetMs, () => {
    abort(new ProviderError('aws_unavailable', 'not fetched in the time that this mount had'));
  });
  const context: MountContext = {
    signal: controller.signal,
    timeLeftMs: () => Math.max(0, end - performance.now()),
    warn: (message) => {
      mount.warn(message);
    },
    count: (kind) => {
      mount.count(kind);
    },
    note: (notes) => {
      mount.note(notes);
    },
    startWait: (kind) => mount.startWait(kind),
    afterAnswer: (work) => {
      mount.afterAnswer(work);
    },
  };
  const stop = (): void => {
    stopTimer();
    mount.signal.removeEventListener('abort', onMountEnd);
    abort(new ProviderError('cancelled', 'the fetch has ended'));
  };
  return { context, stop };
}
