/** Marks secret values and tokens, so that a suite can prove that none of them shows up where it must not. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

/** Collects what must stay secret during a suite. */
export class Canaries {
  readonly #secrets = new Set<string>();

  /** A new value that nothing but the target may hold. */
  value(name: string): string {
    return this.keep(`canary-${name}-${randomBytes(8).toString('hex')}`);
  }

  /** Remembers a text made elsewhere, such as a token; returns it. */
  keep(text: string): string {
    this.#secrets.add(text);
    return text;
  }

  /** @throws AssertionError naming `where` (never the value) when the text holds a kept secret, also as base64 */
  assertAbsent(text: string, where: string): void {
    for (const secret of this.#secrets) {
      // The middle of a token or value is as bad as the whole.
      const pieces = [
        secret,
        secret.slice(0, 24),
        secret.slice(-24),
        Buffer.from(secret).toString('base64').slice(0, 24),
      ];
      for (const piece of pieces)
        assert.ok(!text.includes(piece), `${where} holds a secret value or a piece of a token`);
    }
  }
}
