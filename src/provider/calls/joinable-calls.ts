/** Calls to AWS that mounts of one identity share while they are under way. */
import { SharedCalls } from '../../shared-calls.js';
import type { CallTrace } from './call.js';
import { Party, type PartyMember } from './party.js';

/** The mount that makes or joins a call. */
export interface Participant {
  readonly signal: AbortSignal;
  readonly member: PartyMember;
  /** Of its own question. When the call fails, or the mount gives it up, what became known of the call is copied here. */
  readonly trace: CallTrace;
}

interface UnderWay {
  readonly party: Party;
  /** Of the one that made the call. */
  readonly trace: CallTrace;
}

/** `SharedCalls` whose joiners hear what the call waits for, and fail in the words of the one that made it. */
export class JoinableCalls<T> {
  readonly #calls = new SharedCalls<T>();
  readonly #underWay = new Map<string, UnderWay>();

  /**
   * As `SharedCalls.run`.
   * @param start gets the call's signal, and all that wait for it; it writes to the trace of this participant
   */
  async run(
    key: string,
    { signal, member, trace }: Participant,
    start: (signal: AbortSignal, party: Party) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    let own: UnderWay | undefined;
    const result = this.#calls.run(key, signal, async (shared) => {
      const call = (own = { party: new Party(member), trace });
      this.#underWay.set(key, call);
      try {
        return await start(shared, call.party);
      } finally {
        // Another may have begun under the key, after all had given up this one.
        if (this.#underWay.get(key) === call) this.#underWay.delete(key);
      }
    });
    const call = own ?? this.#underWay.get(key);
    if (!own) call?.party.join(member);
    try {
      return await result;
    } catch (error) {
      Object.assign(trace, call?.trace);
      throw error;
    } finally {
      call?.party.leave(member);
    }
  }
}
