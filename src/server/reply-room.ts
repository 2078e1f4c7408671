/** Bounds the bytes of answers that are on their way to the driver: each is in memory twice until it has left. */
import * as budgets from '../budgets.js';
import { GarbageBound } from '../garbage.js';
import { Waiter } from '../waiter.js';

interface WaitingReply {
  readonly bytes: number;
  readonly turn: Waiter;
}

/**
 * Mounts of one service account get their values from one call, and end in the same moment: without a bound all their
 * answers would be made at once.
 */
export class ReplyRoom {
  readonly #limit: number;
  readonly #garbage: GarbageBound;
  readonly #waiting = new Set<WaitingReply>();
  #bytes = 0;

  constructor(limit: number = budgets.replyBytes, garbage: GarbageBound = new GarbageBound(budgets.replyGarbageBytes)) {
    this.#limit = limit;
    this.#garbage = garbage;
  }

  /** Bytes of answers that were let in and have not left. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Waits, in order, until there is room for an answer of so many bytes, or no other is on its way.
   * @param startWait called when it has to wait; what it returns, when that is over
   * @returns to be called once the answer has left
   * @throws `signal.reason` when the signal fires first
   */
  async enter(bytes: number, signal: AbortSignal, startWait: () => () => void): Promise<() => void> {
    const reply: WaitingReply = { bytes, turn: new Waiter() };
    this.#waiting.add(reply);
    this.#serve();
    if (!reply.turn.isServed) {
      const stopWaiting = startWait();
      try {
        await reply.turn.wait(signal, (isServed) => {
          if (isServed) this.#leave(bytes);
          else this.#withdraw(reply);
        });
      } finally {
        stopWaiting();
      }
    }
    return () => {
      this.#leave(bytes);
    };
  }

  #withdraw(reply: WaitingReply): void {
    this.#waiting.delete(reply);
    // It may have been the first, and too large for the room in which the next one fits.
    this.#serve();
  }

  #leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#garbage.count(bytes);
    this.#serve();
  }

  #serve(): void {
    for (const reply of this.#waiting) {
      if (this.#bytes > 0 && this.#bytes + reply.bytes > this.#limit) return;
      this.#bytes += reply.bytes;
      this.#waiting.delete(reply);
      reply.turn.serve();
    }
  }
}
