/** A provider started by any command, and called as the driver does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Driver, type DriverAnswer, type DriverMount } from '../test/support/driver.js';

export interface ProviderCommand {
  /** The command must become the provider itself (`exec`), not a parent of it: its process is what is measured. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Longest wait for the first answer: a twentieth of a core is slow. */
const startTimeoutMs = 180_000;
const deadlineMs = 120_000;

export class ProviderUnderTest {
  readonly pid: number;
  /** From the start of the command to the first answer to Version, in milliseconds. */
  readonly versionMs: number;
  readonly #driver: Driver;
  readonly #child: ChildProcess;
  readonly #volume: string;
  /** Of the mounts under way, to be told when the process dies: a call that waits for a connection would go on. */
  readonly #waiting = new Set<AbortController>();

  private constructor(child: ChildProcess, volume: string, driver: Driver, versionMs: number) {
    this.#child = child;
    this.#volume = volume;
    this.#driver = driver;
    this.pid = child.pid ?? NaN;
    this.versionMs = versionMs;
    child.once('exit', () => {
      for (const mount of this.#waiting) mount.abort();
    });
  }

  /** Starts it and waits until it answers. @throws Error when it ends before that */
  static async start(command: ProviderCommand): Promise<ProviderUnderTest> {
    const volume = mkdtempSync(path.join(tmpdir(), 'bench-'));
    const [program = '', ...words] = command.words;
    const socket = path.join(volume, 'aws.sock');
    // A log that is read while it is written would cost the benchmark CPU that the provider needs.
    const log = openSync(`${volume}.log`, 'w');
    const started = performance.now();
    const child = spawn(program, [...words, `--provider-volume=${volume}`], {
      env: { PATH: process.env['PATH'] ?? '', ...command.environment },
      stdio: ['ignore', 'ignore', log],
    });
    closeSync(log);
    let complaint = '';
    child.once('error', (error) => {
      // A program that is not there: the child has ended then.
      complaint = error.message;
    });
    const driver = await firstAnswer(child, socket, started);
    if (driver !== undefined) return new ProviderUnderTest(child, volume, driver, performance.now() - started);
    child.kill('SIGKILL');
    complaint += readFileSync(`${volume}.log`, 'utf8').slice(-2000);
    removeAll(volume);
    throw new Error(`the provider did not start: ${command.words.join(' ')}\n${complaint}`);
  }

  get isDead(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /**
   * One mount, which must report as many versions as it has objects.
   * @throws Error also when the provider dies meanwhile
   */
  async mount(mount: DriverMount, objects: number): Promise<DriverAnswer> {
    if (this.isDead) throw new Error('the provider has died');
    const death = new AbortController();
    this.#waiting.add(death);
    try {
      const answer = await this.#driver.mount({ deadlineMs, ...mount, signal: death.signal });
      if (answer.versionCount !== objects)
        throw new Error(`${String(answer.versionCount)} versions for ${String(objects)} objects`);
      return answer;
    } finally {
      this.#waiting.delete(death);
    }
  }

  /** Ends it at once: mounts under way fail. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#driver.close();
    if (!this.isDead) {
      const ended = new Promise((resolve) => this.#child.once('close', resolve));
      this.#child.kill();
      // Under a small quota an end in good order takes long, and measures nothing.
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
    removeAll(this.#volume);
  }
}

function removeAll(volume: string): void {
  for (const left of [volume, `${volume}.log`]) rmSync(left, { recursive: true, force: true });
}

async function firstAnswer(child: ChildProcess, socket: string, started: number): Promise<Driver | undefined> {
  while (!existsSync(socket)) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() - started > startTimeoutMs) return;
    await sleep(1);
  }
  const driver = new Driver(socket);
  for (;;) {
    try {
      await driver.version();
      return driver;
    } catch {
      // The path is there before anybody listens.
      if (child.exitCode !== null || child.signalCode !== null || performance.now() - started > startTimeoutMs) {
        driver.close();
        return undefined;
      }
      await sleep(1);
    }
  }
}
