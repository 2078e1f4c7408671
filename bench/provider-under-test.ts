/** A provider started by any command, and what the kernel says of its process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Driver } from '../test/support/driver.js';

/** Ticks of `/proc/PID/stat` in a second (USER_HZ), the same on every Linux of today. */
const ticksPerSecond = 100;

export class ProviderUnderTest {
  readonly driver: Driver;
  readonly #child: ChildProcess;
  readonly #volume: string;

  private constructor(child: ChildProcess, volume: string) {
    this.#child = child;
    this.#volume = volume;
    this.driver = new Driver(path.join(volume, 'aws.sock'));
  }

  /** @param command the words of the command; `--provider-volume` and the flags are added to them */
  static async start(
    command: readonly string[],
    flags: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<ProviderUnderTest> {
    const [program = '', ...words] = command;
    const volume = mkdtempSync(path.join(tmpdir(), 'bench-'));
    const child = spawn(program, [...words, `--provider-volume=${volume}`, ...flags], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const provider = new ProviderUnderTest(child, volume);
    for (let tries = 0; !existsSync(path.join(volume, 'aws.sock')); tries += 1) {
      if (tries > 1000 || child.exitCode !== null) throw new Error('the provider did not start');
      await sleep(10);
    }
    await provider.driver.version();
    return provider;
  }

  /** User and system CPU so far, in milliseconds; the kernel counts in steps of 10 ms. */
  cpuMs(): number {
    const fields = this.#proc('stat')
      .replace(/^.*\) /, '')
      .split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
  }

  /** Resident memory in MiB. */
  rssMib(): number {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(this.#proc('status'))?.[1]) / 1024;
  }

  /** Open sockets. */
  sockets(): number {
    const folder = `/proc/${String(this.#child.pid)}/fd`;
    return readdirSync(folder).filter((name) => {
      try {
        return readlinkSync(path.join(folder, name)).startsWith('socket:');
      } catch {
        return false; // closed since it was listed
      }
    }).length;
  }

  async stop(): Promise<void> {
    this.driver.close();
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill();
    await ended;
    rmSync(this.#volume, { recursive: true, force: true });
  }

  #proc(name: string): string {
    return readFileSync(`/proc/${String(this.#child.pid)}/${name}`, 'utf8');
  }
}
