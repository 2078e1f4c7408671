/** The mounts that a call is made for: they come and go while it is under way, and hear what it waits for. */
import type { MountContext, WaitKind } from '../../mount/ports.js';

/** A mount, as one of those that wait for a call. */
export interface PartyMember {
  /** It holds bytes of answers that no volume has yet. */
  readonly holdsBytes: boolean;
  /** Tells the mount that it waits. */
  readonly startWait: MountContext['startWait'];
}

interface Wait {
  readonly kind: WaitKind;
  readonly ends: Map<PartyMember, () => void>;
}

export class Party {
  readonly #members: PartyMember[];
  readonly #waits = new Set<Wait>();

  constructor(first: PartyMember) {
    this.#members = [first];
  }

  get holdsBytes(): boolean {
    return this.#members.some((member) => member.holdsBytes);
  }

  includes(member: PartyMember | undefined): boolean {
    return member !== undefined && this.#members.includes(member);
  }

  /** It waits for what the call waits for at this moment, too. */
  join(member: PartyMember): void {
    this.#members.push(member);
    for (const wait of this.#waits) tell(wait, member);
  }

  leave(member: PartyMember): void {
    this.#members.splice(this.#members.indexOf(member), 1);
    if (this.includes(member)) return;
    for (const { ends } of this.#waits) {
      ends.get(member)?.();
      ends.delete(member);
    }
  }

  /** Tells all that they wait, also those who join meanwhile, until the returned function is called. */
  startWait(kind: WaitKind): () => void {
    const wait: Wait = { kind, ends: new Map() };
    this.#waits.add(wait);
    for (const member of this.#members) tell(wait, member);
    return () => {
      this.#waits.delete(wait);
      for (const end of wait.ends.values()) end();
    };
  }
}

function tell({ kind, ends }: Wait, member: PartyMember): void {
  if (!ends.has(member)) ends.set(member, member.startWait(kind));
}
