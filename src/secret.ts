/** The type in which secret values and tokens travel: it shows itself as `<redacted>` wherever it is printed. */
import { inspect } from 'node:util';

const redacted = '<redacted>';

/** Holds bytes that no log, error or debugger dump may show. Only `reveal` and `revealText` give them out. */
export class Secret {
  readonly #bytes: Buffer;

  constructor(value: string | Uint8Array) {
    this.#bytes =
      typeof value === 'string' ? ownBuffer(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  /** The size in bytes. */
  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** The bytes themselves, not a copy: do not change them. */
  reveal(): Buffer {
    return this.#bytes;
  }

  /** The bytes read as UTF-8. */
  revealText(): string {
    return this.#bytes.toString('utf8');
  }

  equals(other: Secret): boolean {
    return this.#bytes.equals(other.#bytes);
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

/**
 * Node cuts small buffers out of slabs of 8 KiB, and a slab stays as long as one of them: credentials that are kept for
 * an hour would keep what was a neighbour for a moment, 50 KB for each pod.
 */
function ownBuffer(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text, 'utf8'));
  bytes.write(text, 'utf8');
  return bytes;
}
