/** Bounds the calls to AWS that are under way and the bytes of their answers that no volume holds yet. */
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import type { MountContext, WaitKind } from '../mount/ports.js';
import { Waiter } from '../waiter.js';
import { GarbageBound } from './garbage.js';

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
export class GatePass {
  readonly owner: string;
  /** Tells the mount that it waits. */
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
  /** Of all mounts that wait for it at a moment. */
  readonly passes: readonly (GatePass | undefined)[];
}

interface WaitingCall extends GateCall {
  readonly turn: Waiter;
}

export interface CallGateOptions {
  /** Calls under way at once; no namespace has more than half of them. */
  readonly calls: number;
  /** Bytes of answers; a call more may go out as long as there are fewer. */
  readonly bytes: number;
}

export class CallGate {
  readonly #options: CallGateOptions;
  readonly #share: number;
  readonly #passes = new Set<GatePass>();
  readonly #underWay = new Map<string, number>();
  readonly #waiting = new Set<WaitingCall>();
  readonly #garbage = new GarbageBound();
  #calls = 0;
  #bytes = 0;

  constructor(options: CallGateOptions = { calls: budgets.awsCalls, bytes: budgets.undeliveredBytes }) {
    this.#options = options;
    this.#share = Math.max(1, Math.floor(options.calls / 2));
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
  async run<T>({ owner, passes }: GateCall, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.#take({ owner, passes }, signal);
    try {
      return await call();
    } finally {
      this.#release(owner);
    }
  }

  async #take({ owner, passes }: GateCall, signal: AbortSignal): Promise<void> {
    const call: WaitingCall = { owner, passes, turn: new Waiter() };
    this.#waiting.add(call);
    this.#serve();
    if (call.turn.isServed) return;
    const stopWaiting = startWaits(passes, 'turn');
    try {
      await call.turn.wait(signal, (isServed) => {
        if (isServed) this.#release(owner);
        else this.#waiting.delete(call);
      });
    } finally {
      stopWaiting();
    }
  }

  #release(owner: string): void {
    this.#calls -= 1;
    const left = (this.#underWay.get(owner) ?? 0) - 1;
    if (left > 0) this.#underWay.set(owner, left);
    else this.#underWay.delete(owner);
    this.#serve();
  }

  #serve(): void {
    const oldest = this.#oldestHolder();
    for (const call of this.#waiting) {
      if (this.#calls >= this.#options.calls) return;
      const { owner } = call;
      const underWay = this.#underWay.get(owner) ?? 0;
      if (underWay >= this.#share) continue;
      if (this.isFull && !call.passes.includes(oldest)) continue;
      this.#underWay.set(owner, underWay + 1);
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

/** Tells all these mounts that they wait, until the returned function is called. */
export function startWaits(passes: GateCall['passes'], kind: WaitKind): () => void {
  const ends = passes.map((pass) => pass?.startWait(kind));
  return () => {
    for (const end of ends) end?.();
  };
}
