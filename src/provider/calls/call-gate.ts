/** Bounds the calls to AWS that are under way and the bytes of their answers that no volume holds yet. */
import * as budgets from '../../budgets.js';
import { ProviderError } from '../../errors.js';
import type { MountContext } from '../../mount/ports.js';
import { Waiter } from '../../waiter.js';
import { GarbageBound } from '../../garbage.js';
import type { Party, PartyMember } from './party.js';

/** The bytes of one answer; they count until the last mount that waited for it has ended. */
export class AnswerBytes {
  readonly #gate: CallGate;
  #bytes = 0;
  #holders = 0;

  constructor(gate: CallGate) {
    this.#gate = gate;
  }

  get size(): number {
    return this.#bytes;
  }

  /** They have arrived. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#gate.count(bytes);
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    this.dropUnheld();
  }

  /** Whoever waited for them may be gone already. */
  dropUnheld(): void {
    if (this.#holders > 0) return;
    this.#gate.count(-this.#bytes);
    this.#bytes = 0;
  }
}

/** What one mount has under way and holds. */
export class GatePass implements PartyMember {
  readonly owner: string;
  readonly startWait: MountContext['startWait'];
  readonly #gate: CallGate;
  readonly #held = new Set<AnswerBytes>();
  #total = 0;

  constructor(gate: CallGate, owner: string, startWait: MountContext['startWait']) {
    this.#gate = gate;
    this.owner = owner;
    this.startWait = startWait;
  }

  get holdsBytes(): boolean {
    return this.#held.size > 0;
  }

  /** The mount has these bytes from now on, until it ends. @throws ProviderError `volume_too_large` */
  hold(bytes: AnswerBytes): void {
    if (this.#held.has(bytes)) return;
    this.#held.add(bytes);
    bytes.hold();
    this.#total += bytes.size;
    if (this.#total > budgets.mountBytes) {
      throw new ProviderError(
        'volume_too_large',
        `the objects of this volume make answers of more than ${budgets.mountBytes} bytes in all: ` +
          'spread them over several SecretProviderClasses and volumes',
      );
    }
    this.#gate.lookAgain();
  }

  /** The mount has ended, well or badly: it holds nothing any more. */
  end(): void {
    this.#gate.leave(this);
    for (const bytes of this.#held) bytes.release();
    this.#held.clear();
  }
}

/** On whose behalf a call is made. */
export interface GateCall {
  /** The namespace that it counts for. */
  readonly owner: string;
  readonly region: string;
  readonly party: Party;
}

/**
 * Gives a call's place to others for the time of a wait, and takes one again after it.
 * @throws what `wait` throws, or the signal's reason: the call has no place then, and must end
 */
export type StepAside = (wait: () => Promise<void>) => Promise<void>;

/** What a call takes a place of. */
interface Place {
  readonly owner: string;
  /** Of owner and region. */
  readonly lane: string;
}

interface WaitingCall extends Place {
  readonly party: Party;
  readonly turn: Waiter;
}

export interface CallGateOptions {
  /** Calls under way at once; no namespace has more than half of them. */
  readonly calls: number;
  /**
   * Calls that a namespace may have under way in a region though others have taken them all. Two namespaces in a black
   * hole would stop all others, and a region that does not answer the one that stands in for it.
   */
  readonly ownCalls: number;
  /** Bytes of answers; a call more may go out as long as there are fewer. */
  readonly bytes: number;
}

export class CallGate {
  readonly #options: CallGateOptions;
  readonly #share: number;
  readonly #passes = new Set<GatePass>();
  readonly #ofOwner = new Tally();
  readonly #inLane = new Tally();
  readonly #waiting = new Set<WaitingCall>();
  readonly #garbage = new GarbageBound();
  #calls = 0;
  #bytes = 0;

  constructor(options: Partial<CallGateOptions> = {}) {
    const { awsCalls: calls, ownAwsCalls: ownCalls, undeliveredBytes: bytes } = budgets;
    this.#options = { calls, ownCalls, bytes, ...options };
    this.#share = Math.max(1, Math.floor(this.#options.calls / 2));
  }

  /** Bytes that have arrived and were not delivered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether only one mount may go on: the bytes are used up. */
  get isFull(): boolean {
    return this.#bytes >= this.#options.bytes;
  }

  /**
   * @param owner the namespace of the pod
   * @param startWait of the mount's context
   */
  enter(owner: string, startWait: MountContext['startWait']): GatePass {
    const pass = new GatePass(this, owner, startWait);
    this.#passes.add(pass);
    return pass;
  }

  leave(pass: GatePass): void {
    this.#passes.delete(pass);
    this.#serve();
  }

  /** A mount that waits may have become the oldest of those that hold something, or have joined a call that waits. */
  lookAgain(): void {
    if (this.isFull) this.#serve();
  }

  count(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0) this.#garbage.count(bytes);
    if (bytes < 0) this.#serve();
  }

  /** Makes a call when it is its turn. @throws the signal's reason while it waits, or what `call` throws */
  async run<T>(
    { owner, region, party }: GateCall,
    signal: AbortSignal,
    call: (stepAside: StepAside) => Promise<T>,
  ): Promise<T> {
    const place = { owner, lane: JSON.stringify([owner, region]) };
    await this.#take(place, party, signal);
    let hasPlace = true as boolean;
    const stepAside: StepAside = async (wait) => {
      hasPlace = false;
      this.#release(place);
      await wait();
      await this.#take(place, party, signal);
      hasPlace = true;
    };
    try {
      return await call(stepAside);
    } finally {
      if (hasPlace) this.#release(place);
    }
  }

  async #take(place: Place, party: Party, signal: AbortSignal): Promise<void> {
    const call: WaitingCall = { ...place, party, turn: new Waiter() };
    this.#waiting.add(call);
    this.#serve();
    if (call.turn.isServed) return;
    const stopWaiting = party.startWait('turn');
    try {
      await call.turn.wait(signal, (isServed) => {
        if (isServed) this.#release(place);
        else this.#waiting.delete(call);
      });
    } finally {
      stopWaiting();
    }
  }

  #release({ owner, lane }: Place): void {
    this.#calls -= 1;
    this.#ofOwner.add(owner, -1);
    this.#inLane.add(lane, -1);
    this.#serve();
  }

  #serve(): void {
    const oldest = this.#oldestHolder();
    for (const call of this.#waiting) {
      const { owner, lane } = call;
      if (this.#ofOwner.of(owner) >= this.#share) continue;
      if (this.#calls >= this.#options.calls && this.#inLane.of(lane) >= this.#options.ownCalls) continue;
      if (this.isFull && !call.party.includes(oldest)) continue;
      this.#ofOwner.add(owner, 1);
      this.#inLane.add(lane, 1);
      this.#calls += 1;
      this.#waiting.delete(call);
      call.turn.serve();
    }
  }

  /** One mount may always go on, or mounts that hold a part of their answers each would wait for each other. */
  #oldestHolder(): GatePass | undefined {
    if (!this.isFull) return undefined;
    for (const pass of this.#passes) if (pass.holdsBytes) return pass;
    return undefined;
  }
}

/** Numbers by name; a name with none takes no room. */
class Tally {
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }

  add(name: string, change: number): void {
    const number = this.of(name) + change;
    if (number > 0) this.#numbers.set(name, number);
    else this.#numbers.delete(name);
  }
}
