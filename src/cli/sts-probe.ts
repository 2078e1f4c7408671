/** Finds out whether an endpoint plays STS too, as LocalStack and moto do. */
import { ProviderError, describeError } from '../errors.js';

const timeoutMs = 5_000;

/**
 * Says whether the endpoint answers STS's call in STS's form; a refusal in that form counts.
 * @throws ProviderError `start_failed` when nobody answers
 */
export async function playsSts(endpointUrl: string, signal: AbortSignal): Promise<boolean> {
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: 'arn:aws:iam::111122223333:role/probe',
    RoleSessionName: 'probe',
    WebIdentityToken: 'probe',
  });
  try {
    const answer = await fetch(endpointUrl, {
      method: 'POST',
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await answer.text();
    return /<(AssumeRoleWithWebIdentityResponse|ErrorResponse)[\s>]/.test(text);
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new ProviderError('start_failed', `--endpoint-url ${endpointUrl} does not answer: ${describeError(cause)}`);
  }
}
