/** Bounds the calls to AWS that are under way and the bytes of their answers that no volume holds yet. */
import * as budgets from '../../budgets.js';
import { ProviderError } from '../../errors.js';
import type { Job } from '../../fair-queue.js';
import type { MountContext } from '../../mount/ports.js';
import { Waiter } from '../../waiter.js';
import { GarbageBound } from '../../garbage.js';
import { CallPlaces, type PlaceOwner } from './call-places.js';
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
export class GatePass implements PartyMember, Job {
  readonly owner: string;
  readonly startWait: MountContext['startWait'];
  readonly #gate: CallGate;
  readonly #held = new Set<AnswerBytes>();
  #hasEnded = false;
  #total = 0;

  constructor(gate: CallGate, owner: string, startWait: MountContext['startWait']) {
    this.#gate = gate;
    this.owner = owner;
    this.startWait = startWait;
  }

  get holdsBytes(): boolean {
    return this.#held.size > 0;
  }

  /** All others wait for what it holds: it goes first wherever it waits. */
  get isUrgent(): boolean {
    return this.#gate.isOldestHolder(this);
  }

  /** The mount has these bytes from now on, until it ends. @throws ProviderError `volume_too_large` */
  hold(bytes: AnswerBytes): void {
    if (this.#hasEnded || this.#held.has(bytes)) return;
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
    this.#hasEnded = true;
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
  /**
   * Whether AWS throttles its API at this moment. Such calls wait more than they work, so they have places of their own,
   * as many, which fresh ones wait for.
   */
  readonly isThrottled: () => boolean;
}

/** The place of one call. */
export interface CallPlace {
  /** AWS throttles the call: it goes on among such calls, unless there is a crowd of them, and its place is another's. */
  moveToThrottled(): void;
}

interface WaitingCall extends GateCall, PlaceOwner {
  readonly turn: Waiter;
  /** Those that it has one of, once it is served. */
  places: CallPlaces | undefined;
}

export interface CallGateOptions {
  /** Calls under way at once, and as many that AWS throttles; no namespace has more than half of either. */
  readonly calls: number;
  /** Of either, those that a namespace may have in a region though others have taken all. */
  readonly ownCalls: number;
  /** Bytes of answers; a call more may go out as long as there are fewer. */
  readonly bytes: number;
}

export class CallGate {
  readonly #places: { readonly ordinary: CallPlaces; readonly throttled: CallPlaces };
  readonly #bytesLimit: number;
  readonly #passes = new Set<GatePass>();
  readonly #waiting = new Set<WaitingCall>();
  readonly #garbage = new GarbageBound();
  #bytes = 0;

  constructor(options: Partial<CallGateOptions> = {}) {
    const { calls = budgets.awsCalls, ownCalls = budgets.ownAwsCalls, bytes = budgets.undeliveredBytes } = options;
    this.#places = { ordinary: new CallPlaces(calls, ownCalls), throttled: new CallPlaces(calls, ownCalls) };
    this.#bytesLimit = bytes;
  }

  /** Bytes that have arrived and were not delivered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether only one mount may go on: the bytes are used up. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesLimit;
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

  /** Makes a call when it is its turn. @throws the signal's reason while it waits, or what `work` throws */
  async run<T>(call: GateCall, signal: AbortSignal, work: (place: CallPlace) => Promise<T>): Promise<T> {
    const lane = JSON.stringify([call.owner, call.region]);
    const waiting: WaitingCall = { ...call, lane, turn: new Waiter(), places: undefined };
    await this.#take(waiting, signal);
    const moveToThrottled = (): void => {
      this.#moveToThrottled(waiting);
    };
    try {
      return await work({ moveToThrottled });
    } finally {
      this.#release(waiting);
    }
  }

  async #take(call: WaitingCall, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#waiting.add(call);
    this.#serve();
    if (call.turn.isServed) return;
    const stopWaiting = call.party.startWait('turn');
    try {
      await call.turn.wait(signal, (isServed) => {
        if (isServed) this.#release(call);
        else this.#waiting.delete(call);
      });
    } finally {
      stopWaiting();
    }
  }

  #release(call: WaitingCall): void {
    call.places?.free(call);
    this.#serve();
  }

  /** Whatever the bytes: it was let out, and others may need what its mount holds. */
  #moveToThrottled(call: WaitingCall): void {
    const { throttled } = this.#places;
    if (call.places === throttled || throttled.taken >= budgets.throttledCrowd * throttled.size) return;
    call.places?.free(call);
    throttled.take(call);
    call.places = throttled;
    this.#serve();
  }

  #serve(): void {
    const oldest = this.#oldestHolder();
    for (const call of this.#waiting) {
      if (this.isFull && !call.party.includes(oldest)) continue;
      const places = call.isThrottled() ? this.#places.throttled : this.#places.ordinary;
      if (!places.hasOneFor(call)) continue;
      places.take(call);
      call.places = places;
      this.#waiting.delete(call);
      call.turn.serve();
    }
  }

  isOldestHolder(pass: GatePass): boolean {
    return this.#oldestHolder() === pass;
  }

  /** One mount may always go on, or mounts that hold a part of their answers each would wait for each other. */
  #oldestHolder(): GatePass | undefined {
    if (!this.isFull) return undefined;
    for (const pass of this.#passes) if (pass.holdsBytes) return pass;
    return undefined;
  }
}
