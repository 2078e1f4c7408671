/** Says what an error of the SDK means: whether AWS would repeat it, whose fault it is, and in which words. */
import { ServiceException } from '@smithy/core/client';
import type { ResponseMetadata } from '@smithy/types';
import { hasAwsRequestId } from '../aws-request-id.js';
import { escapeControls } from '../errors.js';
import type { AwsCredentials } from '../mount/ports.js';
import { EndlessAnswer } from '../network/whole-answer.js';
import { redact, requestIdOf } from '../redact.js';

/**
 * - `denied`, `missing`, `refused`: final, AWS would say it again; none of them is the word of a proxy or a firewall
 * - `credentials`: AWS refuses the credentials as such, others may do
 * - `throttled`, `skewed` (a clock is wrong), `failed` (AWS's own fault), `unreachable`, `timeout`, `garbled` (no answer
 *   of the API): another attempt or another region may have more luck
 */
export type AwsErrorKind =
  | 'denied'
  | 'missing'
  | 'refused'
  | 'credentials'
  | 'throttled'
  | 'skewed'
  | 'failed'
  | 'unreachable'
  | 'timeout'
  | 'garbled';

export interface AwsCallErrorOptions {
  readonly kind: AwsErrorKind;
  /** AWS's error code, `HTTP <status>` or the name of a network error. */
  readonly code: string;
  /** AWS's words, or those of the network error: safe to show, without request ids. */
  readonly words?: string;
  /** Attempts that were made, when known. */
  readonly attempts?: number;
  /** The answer is not AWS's own: something that stands before AWS gave it. */
  readonly isForeign?: boolean;
  readonly requestIds?: readonly string[];
  readonly cause?: unknown;
}

/** One call to AWS that failed, its retries included. It stays within `src/provider`. */
export class AwsCallError extends Error {
  override readonly name = 'AwsCallError';
  readonly kind: AwsErrorKind;
  readonly code: string;
  readonly words: string;
  readonly attempts: number;
  readonly isForeign: boolean;
  readonly requestIds: readonly string[];

  constructor(options: AwsCallErrorOptions) {
    super(`${options.kind}: ${options.code}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.code = options.code;
    this.words = options.words ?? '';
    this.attempts = options.attempts ?? 1;
    this.isForeign = options.isForeign ?? false;
    this.requestIds = (options.requestIds ?? []).flatMap((id) => requestIdOf(id) ?? []);
  }
}

/** Whether AWS would not give the value any more, not even to those who ask later. */
export function isLost(error: unknown): boolean {
  return error instanceof AwsCallError && ['denied', 'missing', 'refused'].includes(error.kind);
}

/** Longest piece of AWS's own words that a message repeats, in characters: a denial with two ARNs fits. */
const wordsLimit = 600;

/** Longest piece of them that is read at all: an endpoint may send megabytes, and patterns cost more than their length. */
const readLimit = 4096;

const throttling = /throttl|TooManyRequests|LimitExceeded|ThroughputExceeded|SlowDown|PriorRequestNotComplete/i;
const skewCodes = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
const signatureCodes = new Set(['InvalidSignatureException', 'InvalidSignature', 'SignatureDoesNotMatch']);
const skewWords = /signature expired|not yet current|is now (earlier|later) than/i;
const credentialCodes = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'UnrecognizedClient',
  'UnrecognizedClientException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'AuthFailure',
  'TokenRefreshRequired',
]);
const denied = /^(KMS)?AccessDenied/;
const missing = /^(ResourceNotFound|ParameterNotFound|ParameterVersionNotFound)/;
const ownFault =
  /^(KMS)?Internal(Service|Server)?(Error|Failure|Exception)|^ServiceUnavailable|^DependencyTimeout|^IDPCommunicationError|^RequestTimeout/;

/**
 * @param error what the SDK's `send` threw
 * @param credentials what the call was signed with; absent: nothing that an answer could repeat
 * @throws the error itself when it is none of AWS or the network: that is our own bug
 */
export function asAwsCallError(error: unknown, credentials?: AwsCredentials): AwsCallError {
  if (error instanceof AwsCallError) return error;
  if (error instanceof EndlessAnswer) return new AwsCallError({ kind: 'garbled', code: error.message });
  if (ServiceException.isInstance(error)) return serviceError(error, secretsOf(credentials));
  if (!(error instanceof Error)) throw error;
  const sdkError: SdkError = error;
  const status = sdkError.$metadata?.httpStatusCode;
  if (status !== undefined) return answerError(status, sdkError);
  if (error instanceof TypeError) throw error;
  return localError(error);
}

function secretsOf(credentials: AwsCredentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  return [credentials.secretAccessKey.revealText(), credentials.sessionToken.revealText()];
}

function serviceError(error: ServiceException, secrets: readonly string[]): AwsCallError {
  const status = error.$metadata.httpStatusCode ?? 0;
  const named = error.name !== '' && !/^Unknown/.test(error.name);
  const words = redact(error.message === 'UnknownError' ? '' : error.message, secrets).slice(0, readLimit);
  const { text, requestIds } = awsWords(words);
  const id = error.$metadata.requestId;
  // AWS's errors have a code, and its answers a request id: what has neither comes from something before it.
  const isForeign = !named && id === undefined;
  return new AwsCallError({
    kind: (named ? kindOfCode(error.name, error.message) : undefined) ?? kindOfStatus(status, isForeign),
    code: named ? escapeControls(redact(error.name, secrets).slice(0, 100)) : `HTTP ${status}`,
    words: text,
    attempts: error.$metadata.attempts ?? 1,
    isForeign,
    requestIds: [...(id === undefined ? [] : [id]), ...requestIds],
    cause: error,
  });
}

function kindOfCode(code: string, message: string): AwsErrorKind | undefined {
  if (throttling.test(code)) return 'throttled';
  if (skewCodes.has(code)) return 'skewed';
  if (signatureCodes.has(code)) return skewWords.test(message) ? 'skewed' : 'credentials';
  if (credentialCodes.has(code)) return 'credentials';
  if (ownFault.test(code)) return 'failed';
  if (denied.test(code)) return 'denied';
  return missing.test(code) ? 'missing' : undefined;
}

function kindOfStatus(status: number, isForeign: boolean): AwsErrorKind {
  if (status === 429) return 'throttled';
  if (status === 401) return 'credentials';
  // 407 is a proxy's word, not AWS's; 408 speaks of this one attempt.
  if (status === 407 || status === 408) return 'failed';
  if (status < 400 || status >= 500) return 'failed';
  // A page of a proxy or a firewall is not what AWS would say: the other region may well be reached.
  return isForeign ? 'garbled' : 'refused';
}

/** An answer that is not the API's. The error is dropped: its message and its hidden fields quote the answer. */
function answerError(status: number, { $metadata, $response }: SdkError): AwsCallError {
  const isForeign = !hasAwsRequestId($response);
  return new AwsCallError({
    kind: status >= 200 && status < 300 ? 'garbled' : kindOfStatus(status, isForeign),
    code: `HTTP ${status}`,
    attempts: $metadata?.attempts ?? 1,
    isForeign,
  });
}

/** An error that this side of the network raised: no answer of AWS came to it. */
function localError(error: SdkError): AwsCallError {
  const code = typeof error.code === 'string' ? error.code : error.name;
  // The SDK gives the name to some network errors, too: those have a code of their own.
  const timeout = error.name === 'TimeoutError' && (code === 'TimeoutError' || code === 'ETIMEDOUT');
  return new AwsCallError({
    kind: timeout ? 'timeout' : error.name === 'EndpointError' ? 'refused' : 'unreachable',
    code: escapeControls(code.slice(0, 100)),
    words: showWords(error.message.replace(/^@smithy\/[\w-]+ - /, '')),
    attempts: error.$metadata?.attempts ?? 1,
    cause: error,
  });
}

/** What the SDK adds to the errors that pass through it. */
interface SdkError extends Error {
  readonly code?: unknown;
  readonly $metadata?: ResponseMetadata;
  /** The answer, when there was one. */
  readonly $response?: unknown;
}

/** AWS's words fit to be shown; request ids differ at every attempt and go apart. */
function awsWords(message: string): { readonly text: string; readonly requestIds: readonly string[] } {
  const requestIds: string[] = [];
  const text = message.replace(/[;,]?\s*request ?id: *([\w-]{8,100})/gi, (_match, id: string) => {
    requestIds.push(id);
    return '';
  });
  return { text: showWords(text), requestIds };
}

function showWords(text: string): string {
  const cut = text.length > wordsLimit ? `${text.slice(0, wordsLimit)}…` : text;
  return escapeControls(cut.toWellFormed()).trim();
}
