/** Runs the built provider as a process of its own, as a DaemonSet's container does. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Driver } from './driver.js';

const main = path.resolve(import.meta.dirname, '../../dist/main.js');

/** The words before the flags; `PROVIDER_COMMAND` names others, such as those that run the image (test/image). */
function providerCommand(): readonly [string, ...string[]] {
  const [program, ...words] = process.env['PROVIDER_COMMAND']?.split(' ') ?? [];
  if (program !== undefined) return [program, ...words];
  if (!existsSync(main)) throw new Error('dist/main.js is missing: run `npm run build` first');
  return [process.execPath, main];
}

export interface ProviderOptions {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Use this provider volume and leave it there; default a new one that `stop` removes. */
  readonly volume?: string;
}

export interface TestProvider {
  readonly driver: Driver;
  readonly process: ChildProcess;
  readonly volume: string;
  readonly socket: string;
  /** Standard output and standard error so far. */
  readonly output: () => string;
  /** Lines of standard output, parsed. */
  readonly logLines: () => readonly Record<string, unknown>[];
  /** Sends the signal (default SIGTERM), waits for the end and cleans up; gives the exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Starts a provider and waits until it answers. @throws Error with its output when it ends before that */
export async function startProvider(options: ProviderOptions = {}): Promise<TestProvider> {
  const [program, ...words] = providerCommand();
  // Short: a socket path holds at most 107 bytes.
  const volume = options.volume ?? mkdtempSync(path.join(tmpdir(), 'prov-'));
  const socket = path.join(volume, 'aws.sock');
  const child = spawn(program, [...words, `--provider-volume=${volume}`, ...(options.flags ?? [])], {
    env: { PATH: process.env['PATH'] ?? '', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const driver = new Driver(socket);
  const provider: TestProvider = {
    driver,
    process: child,
    volume,
    socket,
    output: () => stdout + stderr,
    logLines: () =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    stop: async (signal = 'SIGTERM') => {
      driver.close();
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const code = await ended;
      if (options.volume === undefined) {
        const left = readdirSync(volume);
        rmSync(volume, { recursive: true, force: true });
        // One that was killed could not remove its socket.
        if (code === 0) assert.deepEqual(left, [], 'the provider left files in its volume');
      }
      return code;
    },
  };
  await untilReady(provider);
  return provider;
}

async function untilReady(provider: TestProvider): Promise<void> {
  const started = Date.now();
  for (;;) {
    if (provider.process.exitCode !== null || Date.now() - started > 15_000) {
      await provider.stop('SIGKILL');
      throw new Error(`the provider did not start:\n${provider.output()}`);
    }
    try {
      if (existsSync(provider.socket)) {
        await provider.driver.version();
        return;
      }
    } catch {
      // Not listening yet: a dead socket of a former process lies there.
    }
    await sleep(20);
  }
}
