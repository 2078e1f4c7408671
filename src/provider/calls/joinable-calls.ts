/** Calls to AWS that mounts of one identity share while they are under way. */
import { SharedCalls } from '../../shared-calls.js';
import type { CallTrace } from './call.js';
import type { GatePass } from './call-gate.js';

/** The mount that makes or joins a call. */
export interface Participant {
  readonly signal: AbortSignal;
  readonly pass: GatePass;
  /** Of its own question. When the call fails, or the mount gives it up, what became known of the call is copied here. */
  readonly trace: CallTrace;
}

/** `SharedCalls` whose joiners fail in the words of the one that made the call. */
export class JoinableCalls<T> {
  readonly #calls = new SharedCalls<T, GatePass>();
  /** Of calls under way: what the one that made each learns of it. */
  readonly #traces = new Map<string, CallTrace>();

  /** As `SharedCalls.run`; `start` writes to the trace of the participant that it is of. */
  async run(
    key: string,
    { signal, pass, trace }: Participant,
    start: (signal: AbortSignal, passes: readonly (GatePass | undefined)[]) => Promise<T>,
  ): Promise<T> {
    const result = this.#calls.run(
      key,
      signal,
      async (shared, passes) => {
        this.#traces.set(key, trace);
        try {
          return await start(shared, passes);
        } finally {
          // Another call may have begun under the key, after all had given up this one.
          if (this.#traces.get(key) === trace) this.#traces.delete(key);
        }
      },
      pass,
    );
    const known = this.#traces.get(key) ?? trace;
    try {
      return await result;
    } catch (error) {
      Object.assign(trace, known);
      throw error;
    }
  }
}
