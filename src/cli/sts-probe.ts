/** Finds out whether an endpoint plays STS too, as LocalStack and moto do, and for which account. */
import { ProviderError, describeError, escapeControls } from '../errors.js';

export interface StsAtEndpoint {
  /** It answers STS's calls in STS's form; a refusal in that form counts. */
  readonly present: boolean;
  /** The account that it works in, when it says so. */
  readonly account: string | undefined;
}

const timeoutMs = 5_000;

/** The key that LocalStack and moto take for their default account; neither looks at the signature. */
const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=none';

/** @throws ProviderError `start_failed` when nobody answers */
export async function probeSts(endpointUrl: string, signal: AbortSignal): Promise<StsAtEndpoint> {
  try {
    const answer = await fetch(endpointUrl, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await answer.text();
    return {
      present: /<(GetCallerIdentityResponse|ErrorResponse)[\s>]/.test(text),
      account: /<Account>(\d{12})<\/Account>/.exec(text)?.[1],
    };
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const problem = escapeControls(`--endpoint-url ${endpointUrl} does not answer: ${describeError(cause)}`);
    throw new ProviderError('start_failed', problem);
  }
}
