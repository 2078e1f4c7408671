/** Runs a program to its end, without blocking: the same process may be serving what the program asks for. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Given to the program's standard input. */
  readonly input?: string;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

/** E2E_TRACE=1 shows every command with its time. */
const traced = process.env['E2E_TRACE'] === '1';

/** A program that ended with another status than 0. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
  readonly stderr: string;

  constructor(
    command: string,
    status: string,
    { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  ) {
    // The last lines say why; a build may print thousands.
    super(`${command}: ${status}\n${lastLines(stderr.trim() === '' ? stdout : stderr)}`);
    this.stderr = stderr;
  }
}

/**
 * What the program printed.
 * @throws RunFailed when it ends otherwise than with status 0
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const command = [program, ...args].join(' ');
  const start = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      signal: options.signal,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error) => {
      reject(new RunFailed(command, error.message, { stdout, stderr }));
    });
    child.once('close', (code, signal) => {
      if (traced) process.stderr.write(`      ${((Date.now() - start) / 1000).toFixed(1)} s ${command}\n`);
      if (code === 0) resolve(stdout);
      else
        reject(
          new RunFailed(command, signal === null ? `status ${code ?? ''}` : `ended by ${signal}`, { stdout, stderr }),
        );
    });
    // A program that does not read its input ends with its own status, not with our EPIPE.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
  });
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-25).join('\n');
}
