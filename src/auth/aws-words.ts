/** What AWS answers, made fit for an error message: without tokens, without request ids, and bounded. */
import { quote } from '../errors.js';

/** Shorter parts of a token are ordinary words. */
const shortestSecretPart = 12;

const requestIdPattern =
  /\(?\brequest ?-?id:? ?([0-9a-f-]{16,64})\)?|\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]:?/gi;
const jwtPattern = /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;

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
  const redacted = redact(bounded, token).replace(requestIdPattern, (_all, named: string, bracketed: string) => {
    requestIds.push(named || bracketed);
    return '';
  });
  return { text: quote(redacted.replace(/\s+/g, ' ').trim()), requestIds };
}

function redact(message: string, token: string): string {
  const parts = [token, ...token.split('.')].filter((part) => part.length >= shortestSecretPart || part === token);
  let text = message;
  for (const part of parts) if (part !== '') text = text.replaceAll(part, '<redacted>');
  return text.replace(jwtPattern, '<redacted>');
}
