/** Runs `try` inside the test's process, with a screen of its own and a directory for temporary files of its own. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTry } from '../../src/cli/try.js';
import type { Terminal } from '../../src/cli/terminal.js';

export const root = path.resolve(import.meta.dirname, '../..');

/** For `before`: the command starts the built provider. */
export function requireBuild(...names: readonly string[]): void {
  for (const name of ['main.js', ...names]) {
    if (!existsSync(path.join(root, 'dist', name))) throw new Error(`dist/${name} is missing: run npm run build first`);
  }
}

export interface TryRun {
  readonly code: Promise<number>;
  readonly output: () => string;
  readonly errors: () => string;
  readonly interrupt: () => void;
}

/** A place for one suite: `temporary` plays os.tmpdir(), `work` is where the user stands. */
export class Place {
  readonly #base = mkdtempSync(path.join(tmpdir(), 'cli-'));
  readonly temporary = mkdtempSync(path.join(this.#base, 't-'));
  readonly work = mkdtempSync(path.join(this.#base, 'w-'));
  readonly #former = process.env['TMPDIR'];

  /** From now on temporary files of this process go to `temporary`. */
  enter(): void {
    process.env['TMPDIR'] = this.temporary;
  }

  leave(): void {
    if (this.#former === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = this.#former;
    rmSync(this.#base, { recursive: true, force: true });
  }

  /** What commands left among the temporary files. */
  leftovers(): readonly string[] {
    return readdirSync(this.temporary);
  }

  write(name: string, text: string): string {
    writeFileSync(path.join(this.work, name), text);
    return name;
  }

  /** @param interruptAt interrupts the command as soon as it has written this */
  start(argv: readonly string[], terminal: Partial<Terminal> = {}, interruptAt?: string): TryRun {
    const stop = new AbortController();
    let output = '';
    let errors = '';
    const code = runTry(argv, {
      write: (text) => {
        output += text;
        if (interruptAt !== undefined && text.includes(interruptAt)) stop.abort();
      },
      writeError: (text) => (errors += text),
      color: false,
      columns: undefined,
      environment: {},
      directory: this.work,
      signal: stop.signal,
      ...terminal,
    });
    return {
      code,
      output: () => output,
      errors: () => errors,
      interrupt: () => {
        stop.abort();
      },
    };
  }
}

/** Waits until `found` is true. @throws Error naming `what` after ten seconds */
export async function until(what: string, found: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!found()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}
