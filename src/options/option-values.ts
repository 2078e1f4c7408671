/** Values of flags and variables, read from their text; each function that can refuse throws a RangeError that says why. */
import { parseGoDuration, parseGoNumber } from './go-flags.js';

/** Longest delay a Node timer takes; a longer one would fire at once. */
const timerLimitMs = 2 ** 31 - 1;

/** A URL of the Pod Identity Agent; an empty text means its own address. */
export function agentUrl(text: string, preset: string): string {
  const url = httpUrl(text === '' ? preset : text);
  if (url === undefined) throw new RangeError('not an http or https URL');
  if (url.pathname === '/') url.pathname = '/v1/credentials';
  return url.href;
}

/** `undefined` for anything else than an http or https URL. */
export function httpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

/** In milliseconds, at most what a timer takes. */
export function positiveDuration(text: string): number {
  const durationMs = parseGoDuration(text);
  if (durationMs <= 0) throw new RangeError('must be longer than zero');
  return Math.min(durationMs, timerLimitMs);
}

/** A duration that may be zero, in milliseconds. @param most `mostMs` as people write it */
export function durationUpTo(text: string, mostMs: number, most: string): number {
  const durationMs = parseGoDuration(text);
  if (durationMs < 0) throw new RangeError('must not be negative');
  if (durationMs > mostMs) throw new RangeError(`must be at most ${most}`);
  return durationMs;
}

/** A whole number, within its bounds. */
export function parseWhole(text: string, least?: number, most?: number): number {
  const value = parseGoNumber(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('not a whole number');
  if (least !== undefined && value < least) throw new RangeError(`must be at least ${least}`);
  if (most !== undefined && value > most) throw new RangeError(`must be at most ${most}`);
  return value;
}

/** A text that is not empty. */
export function required(text: string): string {
  if (text === '') throw new RangeError('must not be empty');
  return text;
}

/** The choice that the text names. */
export function oneOf<T extends string>(choices: readonly T[], text: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new RangeError(`use one of ${choices.join(', ')}`);
  return choice;
}
