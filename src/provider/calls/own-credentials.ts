/** The credentials of one mount in one region: earned when they are needed, and once more when AWS refuses them. */
import type { AwsCredentials, Identity, MountContext } from '../../mount/ports.js';
import { raceWithSignal } from '../../shared-calls.js';
import type { AwsCallError } from '../aws-errors.js';
import {
  identityError,
  lateCredentialsError,
  refusedCredentialsError,
  type Place,
  type RegionError,
} from '../failure.js';

/** Where they are for, and who earns them. */
export interface OwnPlace extends Place {
  readonly name: string;
  readonly identity: Identity;
}

export class OwnCredentials {
  readonly #place: OwnPlace;
  readonly #context: MountContext;
  #earned: Promise<AwsCredentials> | undefined;
  #isAccepted = false;
  #isRenewed = false;
  #refusal: RegionError | undefined;

  constructor(place: OwnPlace, context: MountContext) {
    this.#place = place;
    this.#context = context;
  }

  /** Whether AWS has accepted the mount's own token here, and has not refused since what it gave for it. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /**
   * Ends when AWS has accepted the mount's own token.
   * @throws RegionError, or the reason of the context's signal
   */
  async get(): Promise<AwsCredentials> {
    const { signal } = this.#context;
    signal.throwIfAborted();
    if (this.#refusal) throw this.#refusal;
    this.#earned ??= this.#earn();
    const credentials = await this.#earned;
    signal.throwIfAborted();
    return credentials;
  }

  /**
   * Others than those that AWS refused: the first call that was refused earns them for all calls of the mount.
   * @throws as `get`
   */
  async renewed(refused: AwsCredentials): Promise<AwsCredentials> {
    const present = await this.#earned;
    if (present === refused && !this.#isRenewed) {
      this.#isRenewed = true;
      this.#forget(refused);
      this.#earned = undefined;
    }
    return this.get();
  }

  /** AWS refuses new ones too: nothing is asked with them any more. @returns what each call here fails with from now on */
  refuse(refused: AwsCredentials, error: AwsCallError): RegionError {
    this.#forget(refused);
    this.#refusal = refusedCredentialsError(this.#place, error);
    return this.#refusal;
  }

  async #earn(): Promise<AwsCredentials> {
    const { name, identity } = this.#place;
    const { signal } = this.#context;
    try {
      const credentials = await raceWithSignal(identity.credentials(name, this.#context), signal);
      this.#isAccepted = true;
      return credentials;
    } catch (error) {
      throw signal.aborted ? lateCredentialsError(this.#place) : identityError(this.#place, error);
    }
  }

  #forget(refused: AwsCredentials): void {
    this.#place.identity.drop(this.#place.name, refused);
    this.#isAccepted = false;
  }
}
