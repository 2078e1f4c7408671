/** What servers say, made fit to be shown: some repeat what they were sent. */

/** Shorter parts of a token are ordinary words. */
const shortestPart = 12;

/** A JSON Web Token, or what a cut has left of one. */
const jwt = /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;

/**
 * The text with `<redacted>` in the place of each secret, of each dotted part of one, and of anything that looks like
 * a token. AWS itself repeats tokens: in `Value '...' failed to satisfy constraint`, and in the canonical request that
 * it shows when a signature is wrong.
 * @param secrets what was sent
 */
export function redact(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => [
    secret,
    ...secret.split('.').filter((part) => part.length >= shortestPart),
  ]);
  const forms = new Set(parts.flatMap((part) => [part, encodeURIComponent(part)]));
  let shown = text;
  for (const form of forms) if (form !== '') shown = shown.replaceAll(form, '<redacted>');
  return shown.replace(jwt, '<redacted>');
}

/** The text when it can be a request id: it stands in a header, which could hold anything. */
export function requestIdOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w-]{8,64}$/.test(text) ? text : undefined;
}
