/** What AWS answers, made fit for an error message: without tokens, without request ids, and bounded. */
import { quote } from '../errors.js';
import { redact } from '../redact.js';

const requestIdPattern =
  /\(?\brequest ?-?id:? ?([0-9a-f-]{16,64})\)?|\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]:?/gi;

export interface AwsWords {
  /** In quotes. */
  readonly text: string;
  readonly requestIds: readonly string[];
}

/**
 * AWS repeats what it was sent (`Value '...' failed to satisfy constraint`), and its request ids differ at every
 * attempt: both must not reach the pod's events.
 * @param token the token of the request
 */
export function readAwsWords(message: string, token: string): AwsWords {
  const requestIds: string[] = [];
  const bounded = message.slice(0, 4096);
  const redacted = redact(bounded, [token]).replace(requestIdPattern, (_all, named: string, bracketed: string) => {
    requestIds.push(named || bracketed);
    return '';
  });
  return { text: quote(redacted.replace(/\s+/g, ' ').trim()), requestIds };
}
