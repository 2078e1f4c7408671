/** Why one region could not give an object: a sentence for the user, and whether AWS would say it again. */
import { ProviderError, type ErrorCode } from '../errors.js';
import type { Secret } from '../secret.js';
import type { AwsCallError } from './aws-errors.js';

/** An object as AWS gave it in one region. */
export interface Answer {
  readonly value: Secret;
  readonly version: string;
}

export interface Failure {
  readonly code: ErrorCode;
  /** AWS would repeat it: it fails the mount whatever the other region says. */
  readonly final: boolean;
  /** A denial that `--tolerate-failover-denied` speaks of: of the object, or by STS of the role in that region. */
  readonly denied: boolean;
  /** It holds for every object of the region alike. */
  readonly wholeRegion: boolean;
  /** Names region, reason and remedy, but not the object: equal sentences about several objects become one. */
  readonly text: string;
  readonly requestIds: readonly string[];
  readonly cause?: unknown;
}

/** What one region said about one object. */
export type Outcome =
  { readonly kind: 'answer'; readonly answer: Answer } | { readonly kind: 'failure'; readonly failure: Failure };

/** Where something failed, in words: the region as `us-west-2` or `failover region us-east-1`, and who asked. */
export interface Place {
  readonly display: string;
  readonly identity: { readonly display: string };
}

/** Carries a failure that holds for every object of a region, up to where the objects are. */
export class RegionError extends Error {
  override readonly name = 'RegionError';
  readonly failure: Failure;

  constructor(failure: Omit<Failure, 'wholeRegion'>) {
    super(failure.text, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.failure = { ...failure, wholeRegion: true };
  }
}

/**
 * The identity has no credentials in this region.
 * @throws `error` itself when it is our own bug
 */
export function identityError(place: Place, error: unknown): RegionError {
  if (!(error instanceof ProviderError)) throw error;
  return new RegionError({
    code: error.code,
    final: error.code !== 'identity_unavailable',
    denied: error.code === 'identity_denied',
    text: `no credentials in ${place.display}: ${error.message}`,
    requestIds: error.requestIds,
    cause: error,
  });
}

/** Credentials did not come in the time that the mount had. */
export function lateCredentialsError(place: Place): RegionError {
  return new RegionError({
    code: 'identity_unavailable',
    final: false,
    denied: false,
    text:
      `no credentials for ${place.identity.display} in ${place.display} in the time that this mount had: ` +
      'check that STS (IRSA) or the Pod Identity Agent can be reached from this node and does not throttle the account',
    requestIds: [],
  });
}

/** AWS refused the kept credentials and then new ones. */
export function refusedCredentialsError(place: Place, error: AwsCallError): RegionError {
  return new RegionError({
    code: 'identity_refused',
    final: true,
    denied: false,
    text:
      `AWS refuses the credentials of ${place.identity.display} in ${place.display}, new ones too ` +
      `(${codeAndWords(error)}): check that the region is enabled for the account and that the role still exists`,
    requestIds: error.requestIds,
    cause: error,
  });
}

/** `<code>: <AWS's words>` */
export function codeAndWords(error: AwsCallError): string {
  return error.words === '' ? error.code : `${error.code}: ${error.words}`;
}
