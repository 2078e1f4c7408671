/** The one error type for bad input and for the outside world; anything else that is thrown is our own bug. */

/**
 * Stable names of everything that can fail a mount. `docs/errors.md` explains each, `src/server/status.ts` maps each to
 * a final gRPC status.
 */
export const errorCodes = [
  'invalid_request',
  'invalid_parameter',
  'invalid_objects',
  'path_conflict',
  'extract_failed',
  'token_missing',
  'role_missing',
  'service_account_not_found',
  'region_unknown',
  'kubernetes_denied',
  'kubernetes_unavailable',
  'identity_denied',
  'identity_refused',
  'identity_unavailable',
  'access_denied',
  'object_not_found',
  'aws_refused',
  'aws_unavailable',
  'reply_too_large',
  'volume_too_large',
  'target_not_tmpfs',
  'write_failed',
  'timed_out',
  'overloaded',
  'cancelled',
  'stopping',
  'start_failed',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ProviderErrorOptions {
  /** What was caught. Never an error whose message quotes a value or a token (`JSON.parse` quotes its input). */
  readonly cause?: unknown;
  /** AWS request ids, for the log only: they differ at every attempt, and kubelet would repeat the event for each. */
  readonly requestIds?: readonly string[];
}

/** Input or the outside world is at fault; `message` alone tells a user what to change. Callers switch on `code`. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: ErrorCode;
  readonly requestIds: readonly string[];

  constructor(code: ErrorCode, message: string, options: ProviderErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.requestIds = options.requestIds ?? [];
  }
}

/**
 * One error that reports several, in the given order: the code is that of the first, the message lists all.
 * @throws TypeError when the list is empty
 */
export function combineErrors(errors: readonly ProviderError[]): ProviderError {
  const [first] = errors;
  if (first === undefined) throw new TypeError('combineErrors needs at least one error');
  if (errors.length === 1) return first;
  const messages = [...new Set(errors.map((error) => error.message))];
  if (messages.length === 1) return first;
  return new ProviderError(first.code, messages.join('; '), {
    cause: errors,
    requestIds: errors.flatMap((error) => error.requestIds),
  });
}

/** Longest piece of a tenant's text that a message or a log line repeats, in characters. */
export const quoteLimit = 200;

/**
 * A tenant's text made fit to be shown: in double quotes, cut at `quoteLimit` characters, every control, format and
 * line-separating character escaped, so that it can neither forge a log line nor reorder a terminal.
 */
export function quote(text: string): string {
  const cut = text.length > quoteLimit ? `${text.slice(0, quoteLimit).toWellFormed()}…` : text.toWellFormed();
  return `"${escapeControls(cut).replaceAll('"', '\\"')}"`;
}

/** Escapes control, format, surrogate and line-separating characters as `\xNN` or `\u{N}`; other text is unchanged. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 256 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\u{${point.toString(16)}}`;
  });
}

/** What was thrown, as text for a log or a `cause` summary: the message of an error, or the kind of anything else. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : typeof error;
}
