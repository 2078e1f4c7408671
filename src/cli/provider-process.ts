/** The provider as a process of its own, as a node's DaemonSet runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError } from '../errors.js';
import { Driver } from './driver.js';

export interface ProviderOptions {
  /** The built program, `dist/main.js`. */
  readonly program: string;
  /** Directory for its socket; made when missing. */
  readonly volume: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface ProviderProcess {
  readonly driver: Driver;
  /** Ends the process, by force when it does not obey. */
  stop(): Promise<void>;
}

/** Most that is kept of its output, in characters. */
const keptOutput = 8_000;
const startTimeoutMs = 30_000;
const stopTimeoutMs = 3_000;

/** @throws ProviderError `start_failed` with the end of its output; no process is left then */
export async function startProvider(options: ProviderOptions): Promise<ProviderProcess> {
  options.signal.throwIfAborted();
  if (!existsSync(options.program)) {
    throw new ProviderError('start_failed', `${options.program} is missing: run npm run build first`);
  }
  await mkdir(options.volume, { recursive: true });
  const child = spawn(process.execPath, [options.program, `--provider-volume=${options.volume}`, ...options.flags], {
    // Nothing of the user's own AWS settings, proxies and credentials.
    env: { PATH: process.env['PATH'] ?? '', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: string) => (output = (output + chunk).slice(-keptOutput));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
    child.once('error', (error) => {
      keep(error.message);
      resolve();
    });
  });
  const driver = new Driver(path.join(options.volume, 'aws.sock'));
  const stop = async () => {
    driver.close();
    await end(child, ended);
  };
  const failure = () => new ProviderError('start_failed', `the provider did not start:\n${output.trim()}`);
  const early = ended.then(() => {
    throw failure();
  });
  try {
    await Promise.race([driver.waitUntilReady(startTimeoutMs), early, aborted(options.signal)]);
  } catch (error) {
    await stop();
    options.signal.throwIfAborted();
    throw error instanceof ProviderError ? error : failure();
  } finally {
    // Its end later on is no news.
    early.catch(() => undefined);
  }
  return { driver, stop };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(force);
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}
