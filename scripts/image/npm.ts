/** Calls npm, with errors that say what npm said. */
import { execFileSync } from 'node:child_process';

/** Standard output of npm. @throws Error with the last lines that npm wrote */
export function runNpm(words: readonly string[]): string {
  try {
    return execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(
      `npm ${words[0] ?? ''} failed: ${(stderr ?? String(error)).trim().split('\n').slice(-3).join(' ')}`,
      {
        cause: error,
      },
    );
  }
}
