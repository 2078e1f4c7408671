/** What the SDK does at each attempt at a call: wait for its turn while AWS throttles, and tell what became of it. */
import { ServiceException } from '@smithy/core/client';
import { isThrottlingError } from '@smithy/core/retry';
import type { FinalizeRequestMiddleware, Pluggable } from '@smithy/types';
import type { Job } from './fair-queue.js';
import { throttlingPause, type Pace } from './pace.js';
import { wait } from './wait.js';

export interface PacedCall {
  readonly pace: Pace;
  /** The namespace of the pod. */
  readonly owner: string;
  /** The same for all calls of a mount: they go out one after the other, and a throttled one keeps its turn. */
  readonly mount: Job;
  readonly signal: AbortSignal;
  /** Called when the call has to wait; what it returns, when that is over. What it throws ends the call instead. */
  readonly waiting: () => () => void;
  /**
   * Asked after each throttled attempt: whether the call stays, however often that happens. Otherwise the SDK counts
   * its attempts.
   */
  readonly staysOn: () => boolean;
}

/** For the middleware stack of a command or a client. */
export function pacedAttempts<Input extends object, Output extends object>(call: PacedCall): Pluggable<Input, Output> {
  const middleware: FinalizeRequestMiddleware<Input, Output> = (next) => async (args) => {
    for (let throttled = 0; ; throttled += 1) {
      const output = await attempt(call, () => next(args));
      if (output !== undefined) return output;
      // Else the pace has pauses of its own.
      if (!call.pace.isSlow()) await pause(throttled, call);
    }
  };
  return {
    applyToStack: (stack) => {
      stack.addRelativeTo(middleware, {
        // Inside the SDK's retries, and before a signature that would grow old.
        relation: 'before',
        toMiddleware: 'httpSigningMiddleware',
        name: 'pacedAttempts',
      });
    },
  };
}

/** `undefined`: it was throttled, and is to be made again. */
async function attempt<T>(
  { pace, owner, mount, signal, waiting, staysOn }: PacedCall,
  send: () => Promise<T>,
): Promise<T | undefined> {
  await pace.take(owner, signal, waiting, mount);
  const sentAt = performance.now();
  try {
    const output = await send();
    pace.answered();
    return output;
  } catch (error) {
    // A time-out or a lost connection says nothing of what AWS bears.
    if (!ServiceException.isInstance(error)) throw error;
    if (!isThrottlingError(error as Parameters<typeof isThrottlingError>[0])) {
      pace.answered();
      throw error;
    }
    pace.throttled(error, sentAt);
    if (signal.aborted || !staysOn()) throw error;
    return undefined;
  }
}

async function pause(throttled: number, { signal, waiting }: PacedCall): Promise<void> {
  const stopWaiting = waiting();
  try {
    await wait(throttlingPause(throttled), signal);
  } finally {
    stopWaiting();
  }
}
