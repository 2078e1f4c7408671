/** The one table from error code to gRPC status, and the form in which an error reaches the pod's event. */
import * as grpc from '@grpc/grpc-js';
import { statusMessageBytes } from '../budgets.js';
import { escapeControls, ProviderError, type ErrorCode } from '../errors.js';

const { status } = grpc;

/**
 * The statuses after which kubelet takes a mount for not done. After any other (`UNAVAILABLE`, `DEADLINE_EXCEEDED`,
 * `RESOURCE_EXHAUSTED`, `ABORTED`, `CANCELLED`) it keeps the volume's directory, and with rotation on the driver then
 * answers its retry with OK without mounting: the pod would start with an empty directory.
 */
export type FinalStatus =
  | grpc.status.INVALID_ARGUMENT
  | grpc.status.NOT_FOUND
  | grpc.status.PERMISSION_DENIED
  | grpc.status.UNAUTHENTICATED
  | grpc.status.FAILED_PRECONDITION
  | grpc.status.INTERNAL
  | grpc.status.UNKNOWN;

/** Every error code's status. What AWS or Kubernetes may answer differently a minute later is INTERNAL. */
export const statusOf: Readonly<Record<ErrorCode, FinalStatus>> = {
  invalid_request: status.INVALID_ARGUMENT,
  invalid_parameter: status.INVALID_ARGUMENT,
  invalid_objects: status.INVALID_ARGUMENT,
  path_conflict: status.INVALID_ARGUMENT,
  extract_failed: status.FAILED_PRECONDITION,
  token_missing: status.UNAUTHENTICATED,
  role_missing: status.FAILED_PRECONDITION,
  service_account_not_found: status.NOT_FOUND,
  region_unknown: status.FAILED_PRECONDITION,
  kubernetes_denied: status.PERMISSION_DENIED,
  kubernetes_unavailable: status.INTERNAL,
  identity_denied: status.PERMISSION_DENIED,
  identity_refused: status.UNAUTHENTICATED,
  identity_unavailable: status.INTERNAL,
  access_denied: status.PERMISSION_DENIED,
  object_not_found: status.NOT_FOUND,
  aws_refused: status.FAILED_PRECONDITION,
  aws_unavailable: status.INTERNAL,
  reply_too_large: status.FAILED_PRECONDITION,
  volume_too_large: status.FAILED_PRECONDITION,
  target_not_tmpfs: status.FAILED_PRECONDITION,
  write_failed: status.INTERNAL,
  timed_out: status.INTERNAL,
  overloaded: status.INTERNAL,
  cancelled: status.INTERNAL,
  stopping: status.INTERNAL,
  start_failed: status.INTERNAL,
  internal: status.INTERNAL,
};

const cutNote = "... (cut; the provider's log says more)";

/** What a caller is told. */
export interface MountFailure {
  readonly errorCode: ErrorCode;
  readonly status: FinalStatus;
  /** Fit to be sent: bounded, no control characters. */
  readonly message: string;
}

/** Anything that was thrown, as its caller is told. An error that is our own bug keeps its text to itself. */
export function toFailure(error: unknown): MountFailure {
  if (!(error instanceof ProviderError)) {
    const message = "internal error in the provider; its log on this pod's node names the place, please report it";
    return { errorCode: 'internal', status: statusOf.internal, message };
  }
  return { errorCode: error.code, status: statusOf[error.code], message: fitMessage(error.message) };
}

/** Text as a status message can carry it: control characters and lone surrogates escaped, cut at `statusMessageBytes`. */
export function fitMessage(text: string): string {
  const clean = escapeControls(text);
  if (encodeURI(clean).length <= statusMessageBytes) return clean;
  const room = statusMessageBytes - encodeURI(cutNote).length;
  let bytes = 0;
  let end = 0;
  for (const character of clean) {
    bytes += encodeURI(character).length;
    if (bytes > room) break;
    end += character.length;
  }
  return clean.slice(0, end) + cutNote;
}

/**
 * A stack for the log without the error's message: a message that some library made may quote what it was given, and
 * that may be a secret.
 */
export function bugTrace(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  const stack = error.stack ?? '';
  const end = stack.indexOf(error.message);
  const frames = (end < 0 ? stack : stack.slice(end + error.message.length))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  return [`${error.name}${code}`, ...frames].join(' | ');
}
