/** One call to AWS: counts its attempts, remembers the last failed one, and gives every failure its meaning. */
import type { MetadataBearer, MiddlewareStack } from '@smithy/types';
import { HttpRequest } from '@smithy/core/protocols';
import type { AwsCredentials } from '../../mount/ports.js';
import type { CountingOptions } from '../../network/whole-answer.js';
import { pacedAttempts, type PacedCall } from '../../paced-attempts.js';
import { asAwsCallError, type AwsCallError } from '../aws-errors.js';

/** What became known of a call while it ran: all there is to tell when it is given up. */
export interface CallTrace {
  /** The host that was asked. */
  host?: string;
  /** Why the last attempt that ended failed. */
  lastError?: AwsCallError;
  /** It waited because AWS throttles. */
  throttled?: boolean;
}

export interface CallOptions {
  /** What the call is signed with: no error may repeat it. */
  readonly credentials: AwsCredentials;
  readonly signal: AbortSignal;
  /** Longest time for one attempt, in milliseconds. */
  readonly attemptMs: number;
  readonly trace: CallTrace;
  readonly paced: Omit<PacedCall, 'signal'>;
  /** Told of each HTTP request that goes out. */
  readonly onAttempt: () => void;
  /** Told of the bytes of answers, as they arrive. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Sends a command of the SDK.
 * @param send sends the command through its client with the given options
 * @throws AwsCallError, or `options.signal.reason` when the signal fires
 */
export async function callAws<Input extends object, Output extends MetadataBearer>(
  command: { readonly middlewareStack: MiddlewareStack<Input, Output> },
  send: (options: CountingOptions) => Promise<Output>,
  options: CallOptions,
): Promise<Output> {
  command.middlewareStack.use(pacedAttempts({ ...options.paced, signal: options.signal }));
  watchAttempts(command.middlewareStack, options);
  try {
    const { signal: abortSignal, attemptMs: requestTimeout, onBytes } = options;
    return await send({ abortSignal, requestTimeout, onBytes });
  } catch (error) {
    // The SDK puts an error of its own in the place of the reason.
    options.signal.throwIfAborted();
    throw asAwsCallError(error, options.credentials);
  }
}

/** At the end of this step, inside the SDK's retries: it runs once for each attempt and sees how that ends. */
function watchAttempts<Input extends object, Output extends MetadataBearer>(
  stack: MiddlewareStack<Input, Output>,
  { credentials, signal, trace, onAttempt }: CallOptions,
): void {
  stack.add(
    (next) => async (args) => {
      if (HttpRequest.isInstance(args.request)) trace.host = args.request.hostname;
      onAttempt();
      try {
        return await next(args);
      } catch (error) {
        if (!signal.aborted) trace.lastError = asAwsCallError(error, credentials);
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'watchAttempts' },
  );
}
