/** The stand-in as a process of its own, so that its CPU is not the benchmark's or the provider's. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { StoreDocument } from '../src/local/store-document.js';

interface Ready {
  readonly urls: { readonly control: string };
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
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

  static async start(store: StoreDocument, awsMs: number, kubernetesMs: number): Promise<StandInProcess> {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-store-'));
    const file = path.join(folder, 'store.yaml');
    writeFileSync(file, JSON.stringify(store)); // JSON is YAML
    const cli = path.resolve(import.meta.dirname, '../dist/cli.js');
    const words = [cli, 'stand-in', '--store', file, '--latency-ms', String(awsMs)];
    const child = spawn(process.execPath, [...words, '--kubernetes-latency-ms', String(kubernetesMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout)) {
      return new StandInProcess(JSON.parse(line) as Ready, child, folder);
    }
    throw new Error('the stand-in did not start');
  }

  /** The driver's JSON of a pod's tokens. */
  async tokens(namespace: string, serviceAccount: string, pod: string): Promise<string> {
    const body = JSON.stringify({ namespace, serviceAccount, pod });
    const answer = await fetch(`${this.ready.urls.control}/tokens-attribute`, { method: 'POST', body });
    return (await answer.json()) as string;
  }

  /** Requests so far by service and action. */
  async requestCounts(): Promise<Readonly<Record<string, number>>> {
    const answer = await fetch(`${this.ready.urls.control}/requests`);
    const counts: Record<string, number> = {};
    for (const { service, action } of (await answer.json()) as { service: string; action: string }[]) {
      counts[`${service} ${action}`] = (counts[`${service} ${action}`] ?? 0) + 1;
    }
    return counts;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
