/** The stand-in as a process of its own, so that its CPU is not the benchmark's or the provider's. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { StoreDocument } from '../src/local/store-document.js';
import type { Latencies, RecordedRequest, StandInFiles, StandInUrls } from '../src/local/types.js';

interface Ready {
  readonly urls: StandInUrls;
  readonly files: StandInFiles;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The same with the proxy and AWS's own host names. */
  readonly realHostNames: Readonly<Record<string, string>>;
}

export class StandInProcess {
  readonly ready: Ready;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(ready: Ready, child: ChildProcess, folder: string) {
    this.ready = ready;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(store: StoreDocument): Promise<StandInProcess> {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-store-'));
    const file = path.join(folder, 'store.yaml');
    writeFileSync(file, JSON.stringify(store)); // JSON is YAML
    const cli = path.resolve(import.meta.dirname, '../dist/cli.js');
    const child = spawn(process.execPath, [cli, 'stand-in', '--store', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) {
      return new StandInProcess(JSON.parse(line) as Ready, child, folder);
    }
    throw new Error('the stand-in did not start: run `npm run build` first');
  }

  /** The driver's JSON of a pod's tokens. */
  async tokens(namespace: string, serviceAccount: string, pod: string): Promise<string> {
    const body = { namespace, serviceAccount, pod };
    return (await this.#control('POST', 'tokens-attribute', body)) as string;
  }

  async setLatencies(latencies: Latencies): Promise<void> {
    await this.#control('POST', 'latencies', latencies);
  }

  async forgetRequests(): Promise<void> {
    await this.#control('DELETE', 'requests');
  }

  async requests(): Promise<readonly RecordedRequest[]> {
    return (await this.#control('GET', 'requests')) as RecordedRequest[];
  }

  /** TCP and TLS connections taken so far. */
  async connections(): Promise<number> {
    return ((await this.#control('GET', 'connections')) as { connections: number }).connections;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('close', resolve));
      this.#child.kill();
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #control(method: string, command: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${this.ready.urls.control}/${command}`, { method, ...text });
    if (!answer.ok) throw new Error(`the stand-in refused ${method} ${command}: ${await answer.text()}`);
    return answer.json();
  }
}
