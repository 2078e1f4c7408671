/** JSON read and written without losing a digit, an order of keys or a key such as `__proto__`. */
import { JsonNumber } from './exact-number.js';
import { ExpressionFailure } from './expression-failure.js';

/** Objects are maps: they hold own keys only, in the order of the document (of equal keys the last value counts). */
export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | string | JsonNumber | JsonArray | JsonObject;
// An interface, because a type alias cannot refer to itself through `readonly Json[]` in a type guard.
export type JsonArray = readonly Json[];

/** Deepest document that is read: reading, comparing and writing recurse. Go's reader stops at 10,000. */
export const documentDepth = 500;

/** The message completes "the value ..." and holds nothing of it. */
export class JsonFailure extends Error {
  override readonly name = 'JsonFailure';
}

/**
 * Reads a document; a byte order mark before it is skipped.
 * @throws JsonFailure when it is not JSON, or too deep
 */
export function parseJson(document: string): Json {
  const text = document.startsWith('\uFEFF') ? document.slice(1) : document;
  if (!isJson(text)) throw new JsonFailure('is not JSON');
  return new JsonReader(text).readValue(0);
}

/** V8's own parser takes any depth. Its errors quote the document, so they end here. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Builds the values of a text that is known to be JSON. */
class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readValue(depth: number): Json {
    if (depth > documentDepth) throw new JsonFailure(`is nested deeper than ${documentDepth} levels`);
    switch (this.#next()) {
      case '{':
        return this.#readObject(depth);
      case '[':
        return this.#readArray(depth);
      case '"':
        return this.#readString();
      case 't':
        return this.#skip(4, true);
      case 'f':
        return this.#skip(5, false);
      case 'n':
        return this.#skip(4, null);
      default:
        return this.#readNumber();
    }
  }

  /** The next character that is no white space; empty at the end, where a text that is JSON is never asked. */
  #next(): string {
    while (/[ \t\n\r]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #skip<T>(length: number, value: T): T {
    this.#at += length;
    return value;
  }

  #readObject(depth: number): JsonObject {
    const entries = new Map<string, Json>();
    this.#at += 1;
    while (this.#next() !== '}') {
      const key = this.#readString();
      this.#next();
      this.#at += 1;
      entries.set(key, this.readValue(depth + 1));
      if (this.#next() === ',') this.#at += 1;
    }
    return this.#skip(1, entries);
  }

  #readArray(depth: number): JsonArray {
    const items: Json[] = [];
    this.#at += 1;
    while (this.#next() !== ']') {
      items.push(this.readValue(depth + 1));
      if (this.#next() === ',') this.#at += 1;
    }
    return this.#skip(1, items);
  }

  #readString(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    this.#at = end + 1;
    const inner = this.#text.slice(start + 1, end);
    return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner;
  }

  /** Whether an odd number of backslashes stands before a quote. */
  #isEscaped(quote: number): boolean {
    let before = quote;
    while (this.#text[before - 1] === '\\') before -= 1;
    return (quote - before) % 2 === 1;
  }

  #readNumber(): JsonNumber {
    const start = this.#at;
    while (/[-+.\deE]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return new JsonNumber(this.#text.slice(start, this.#at));
  }
}

/**
 * A value of `JSON.parse` in our own types.
 * @throws TypeError when it is no JSON value
 */
export function fromParsed(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return new JsonNumber(Object.is(value, -0) ? '-0' : String(value));
  if (Array.isArray(value)) return value.map(fromParsed);
  if (typeof value !== 'object') throw new TypeError('not a JSON value');
  return new Map(Object.entries(value).map(([key, item]) => [key, fromParsed(item)]));
}

export function isArray(value: unknown): value is JsonArray {
  return Array.isArray(value);
}

export function isObject(value: unknown): value is JsonObject {
  return value instanceof Map;
}

/**
 * Compact JSON text.
 * @param limitBytes checked while it is written: a value whose parts are shared can be far larger than what it occupies
 * @throws ExpressionFailure when the text would be larger
 */
export function writeJson(value: Json, limitBytes: number): string {
  const pieces: string[] = [];
  let bytes = 0;
  const put = (piece: string) => {
    bytes += Buffer.byteLength(piece, 'utf8');
    if (bytes > limitBytes) throw new ExpressionFailure(`gives more than ${limitBytes} bytes`);
    pieces.push(piece);
  };
  const write = (item: Json): void => {
    if (isObject(item)) {
      let opening = '{';
      for (const [key, entry] of item) {
        put(`${opening}${JSON.stringify(key)}:`);
        write(entry);
        opening = ',';
      }
      put(item.size === 0 ? '{}' : '}');
    } else if (isArray(item)) {
      put('[');
      item.forEach((entry, place) => {
        if (place > 0) put(',');
        write(entry);
      });
      put(']');
    } else if (item instanceof JsonNumber) put(item.text);
    else put(JSON.stringify(item));
  };
  write(value);
  return pieces.join('');
}
