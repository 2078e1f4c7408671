/** One region as one mount sees it: its share of calls under way, and calls shared with other mounts. */
import type { AwsCredentials, Identity, MountContext } from '../../mount/ports.js';
import type { Pace, Paces } from '../../pace.js';
import { AwsCallError } from '../aws-errors.js';
import type { Place } from '../failure.js';
import type { CallOptions, CallTrace } from './call.js';
import { AnswerBytes, type CallGate, type CallPlace, type GateCall, type GatePass } from './call-gate.js';
import type { JoinableCalls } from './joinable-calls.js';
import { OwnCredentials } from './own-credentials.js';
import { Party } from './party.js';
import { Turnstile } from './turnstile.js';

export interface RegionOptions {
  readonly region: string;
  readonly role: RegionRole;
  readonly identity: Identity;
  /** Its signal stops what the mount does in this region. */
  readonly context: MountContext;
  /** The mount's way through the limits of the process. */
  readonly gate: CallGate;
  readonly pass: GatePass;
  readonly paces: Paces;
  /** A call that AWS throttles goes on for the time of the mount: nothing else could take its place sooner. */
  readonly isPatient: boolean;
  /** Calls that this mount may have under way here at once. */
  readonly callsAtOnce: number;
  /** Longest time for one attempt, in milliseconds. */
  readonly attemptMs: number;
}

/** For messages: a failure of the failover region has other remedies. */
export type RegionRole = 'primary' | 'failover';

/** What a call brought, and the bytes that count as long as a mount holds it. */
export interface Counted<T> {
  readonly value: T;
  readonly bytes: AnswerBytes;
}

/** One call that other mounts of the same identity may join while it is under way. */
export interface RegionCall<T> {
  /** Holds everything that changes the answer, but for identity and region, which are added here. */
  readonly key: readonly (string | undefined)[];
  /** As IAM names it. */
  readonly action: string;
  readonly shared: JoinableCalls<Counted<T>>;
  readonly trace: CallTrace;
  /** Another call can take its place: it is given up rather than wait while AWS throttles. */
  readonly dispensable?: boolean;
  readonly start: (credentials: AwsCredentials, options: CallOptions) => Promise<T>;
}

/** A call of this region that is made, not joined. */
type Attempting = Pick<CallOptions, 'credentials' | 'signal' | 'attemptMs'> & Pick<GateCall, 'party'>;

export class Region implements Place {
  readonly name: string;
  readonly role: RegionRole;
  readonly identity: Identity;
  readonly #options: RegionOptions;
  readonly #turnstile: Turnstile;
  readonly #credentials: OwnCredentials;

  constructor(options: RegionOptions) {
    this.name = options.region;
    this.role = options.role;
    this.identity = options.identity;
    this.#options = options;
    this.#turnstile = new Turnstile(options.callsAtOnce);
    this.#credentials = new OwnCredentials(this, options.context);
  }

  /** `us-west-2` or `failover region us-east-1`. */
  get display(): string {
    return this.role === 'failover' ? `failover region ${this.name}` : this.name;
  }

  /** The mount has ended its work here: at the end of its time, or because it has all it needs. */
  get stopped(): boolean {
    return this.#options.context.signal.aborted;
  }

  /** Whether AWS has accepted the mount's own token for this region. */
  get isAccepted(): boolean {
    return this.#credentials.isAccepted;
  }

  /**
   * Waits until AWS has accepted the mount's own token: no value may be given before, whoever fetched it.
   * @throws RegionError, or the reason of the region's signal
   */
  async accepted(): Promise<void> {
    await this.#credentials.get();
  }

  /**
   * Makes a call, or joins one that is under way. Nobody joins before AWS accepted the mount's own token, and when AWS
   * refuses the credentials as such, each waiter earns its own again, once, and asks by itself.
   * @throws AwsCallError, RegionError, or the reason of the region's signal
   */
  call<T>(call: RegionCall<T>): Promise<T> {
    return this.#turnstile.run(async () => {
      const { context, gate, isPatient, pass } = this.#options;
      const { signal } = context;
      const credentials = await this.#credentials.get();
      const attemptMs = this.#attemptMs();
      const key = JSON.stringify([this.identity.key, this.name, attemptMs, isPatient, ...call.key]);
      try {
        const answer = call.shared.run(
          key,
          { signal, member: pass, trace: call.trace },
          // Those who join wait for the same turn, and lend the call theirs.
          (shared, party) => this.#inTurn(call, { credentials, signal: shared, attemptMs, party }),
        );
        gate.lookAgain();
        return this.#hold(await answer);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return await this.#again(call, credentials);
      }
    });
  }

  /** The second try, with credentials of the mount's own that are newer than the refused ones, and shared with nobody. */
  async #again<T>(call: RegionCall<T>, refused: AwsCredentials): Promise<T> {
    const { context, pass } = this.#options;
    const credentials = await this.#credentials.renewed(refused);
    try {
      const mine = { credentials, signal: context.signal, attemptMs: this.#attemptMs(), party: new Party(pass) };
      return this.#hold(await this.#inTurn(call, mine));
    } catch (error) {
      // Another than AWS refused them: they may be good, and hold for other calls of this region.
      if (!isRefusal(error) || error.isForeign) throw error;
      throw this.#credentials.refuse(credentials, error);
    }
  }

  /**
   * At most half of the time that is left, so that one lost answer does not cost the mount. In steps: mounts that
   * share a call agree on it.
   */
  #attemptMs(): number {
    const half = this.#options.context.timeLeftMs() / 2;
    return Math.min(this.#options.attemptMs, Math.max(attemptStepMs, half - (half % attemptStepMs)));
  }

  #inTurn<T>(call: RegionCall<T>, options: Attempting): Promise<Counted<T>> {
    const { gate, identity, pass, paces } = this.#options;
    const { credentials, party, signal } = options;
    const account = credentials.accountId ?? identity.principal;
    const pace = paces.of({ action: call.action, account, region: this.name });
    if (call.dispensable === true && pace.isSlow()) throw dispensed();
    // Else it would wait for a place only to hear that it is not to wait.
    const isThrottled = () => call.dispensable !== true && pace.isSlow();
    return gate.run({ owner: pass.owner, region: this.name, party, isThrottled }, signal, (place) =>
      this.#start(call, options, { pace, place }),
    );
  }

  async #start<T>(
    call: RegionCall<T>,
    { party, ...options }: Attempting,
    { pace, place }: { readonly pace: Pace; readonly place: CallPlace },
  ): Promise<Counted<T>> {
    const { context, gate } = this.#options;
    const bytes = new AnswerBytes(gate);
    const onWait = (): void => {
      // What AWS said is read.
      bytes.dropUnheld();
      if (pace.isSlow()) place.moveToThrottled();
    };
    try {
      const value = await call.start(options.credentials, {
        ...options,
        trace: call.trace,
        paced: this.#paced(call, { party, pace, onWait }),
        onAttempt: () => {
          context.count('aws');
        },
        onBytes: (count) => {
          bytes.add(count);
        },
      });
      return { value, bytes };
    } finally {
      // After those who waited for it have taken hold of it.
      setImmediate(() => {
        bytes.dropUnheld();
      });
    }
  }

  #paced(
    { trace, dispensable }: Pick<RegionCall<unknown>, 'trace' | 'dispensable'>,
    { party, pace, onWait }: { readonly party: Party; readonly pace: Pace; readonly onWait: () => void },
  ): CallOptions['paced'] {
    const { gate, isPatient, pass } = this.#options;
    return {
      pace,
      owner: pass.owner,
      mount: pass,
      waiting: () => {
        if (dispensable === true) throw dispensed();
        trace.throttled = true;
        onWait();
        return party.startWait('throttling');
      },
      // Nor does it hold what others need to go on.
      staysOn: () => isPatient && dispensable !== true && !(gate.isFull && party.holdsBytes),
    };
  }

  #hold<T>({ value, bytes }: Counted<T>): T {
    this.#options.pass.hold(bytes);
    return value;
  }
}

const attemptStepMs = 500;

/** In place of a wait. */
function dispensed(): AwsCallError {
  return new AwsCallError({ kind: 'throttled', code: 'other calls were throttled' });
}

function isRefusal(error: unknown): error is AwsCallError {
  return error instanceof AwsCallError && error.kind === 'credentials';
}
