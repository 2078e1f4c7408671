/** A control group with the limits of a container, made for one provider process and removed after it. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Limits {
  readonly memoryMib: number;
  /** Thousandths of a core, as in `resources.limits.cpu`; absent: no quota. */
  readonly cpuMillis: number | undefined;
}

/** Kubernetes' period of a CPU quota, in microseconds. */
const periodUs = 100_000;

let made = 0;

export class Cgroup {
  readonly #folders: { readonly memory: string; readonly cpu: string };
  readonly #version: 1 | 2;

  private constructor(version: 1 | 2, folders: { readonly memory: string; readonly cpu: string }) {
    this.#version = version;
    this.#folders = folders;
  }

  /** Which version of control groups limits memory and CPU here; `undefined`: none that this user may change. */
  static version(root = '/sys/fs/cgroup'): 1 | 2 | undefined {
    if (['memory', 'cpu'].every((controller) => mayMakeIn(`${root}/${controller}`))) return 1;
    if (!existsSync(`${root}/cgroup.controllers`) || !mayMakeIn(root)) return undefined;
    const controllers = readFileSync(`${root}/cgroup.controllers`, 'utf8').trim().split(' ');
    return ['cpu', 'memory'].every((name) => controllers.includes(name)) ? 2 : undefined;
  }

  /** @throws Error where `version` is undefined, or when the kernel refuses */
  static create(limits: Limits, root = '/sys/fs/cgroup'): Cgroup {
    const version = Cgroup.version(root);
    if (version === undefined) throw new Error('no control groups of memory and CPU that this user may change');
    made += 1;
    const name = `secrets-store-bench-${String(process.pid)}-${String(made)}`;
    if (version === 2) writeFileSync(`${root}/cgroup.subtree_control`, '+cpu +memory');
    const place = (controller: string) => path.join(root, version === 1 ? controller : '', name);
    const group = new Cgroup(version, { memory: place('memory'), cpu: place('cpu') });
    group.#limit(limits);
    return group;
  }

  /** The words of a command that runs inside from its first instruction on, with the same process id. */
  wrap(command: readonly string[]): readonly string[] {
    const files = this.#all().map((folder) => `${folder}/cgroup.procs`);
    const enter = files.map((file) => `echo $$ > ${file}`).join(' && ');
    return ['sh', '-c', `${enter} && exec "$@"`, 'sh', ...command];
  }

  /** Largest use of memory so far in MiB, files written to tmpfs and the page cache included. */
  peakMib(): number {
    return Number(this.#read(this.#version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak')) / 1024 / 1024;
  }

  /** Processes that the kernel killed for memory. */
  kills(): number {
    const text = this.#read(this.#version === 1 ? 'memory.oom_control' : 'memory.events');
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** Its processes must have ended, and its files on tmpfs be gone. */
  async remove(): Promise<void> {
    for (const folder of this.#all()) {
      for (let tries = 0; ; tries += 1) {
        try {
          rmdirSync(folder);
          break;
        } catch (error) {
          // A process that has just ended is still counted for a moment.
          if (tries === 100) throw error;
          await sleep(20);
        }
      }
    }
  }

  #limit({ memoryMib, cpuMillis }: Limits): void {
    for (const folder of this.#all()) mkdirSync(folder);
    const bytes = String(memoryMib * 1024 * 1024);
    const quota = cpuMillis === undefined ? undefined : String((cpuMillis * periodUs) / 1000);
    const { memory, cpu } = this.#folders;
    if (this.#version === 1) {
      writeFileSync(`${memory}/memory.limit_in_bytes`, bytes);
      // Swap would hide what a node without it kills for.
      if (readdirSync(memory).includes('memory.memsw.limit_in_bytes'))
        writeFileSync(`${memory}/memory.memsw.limit_in_bytes`, bytes);
      writeFileSync(`${cpu}/cpu.cfs_period_us`, String(periodUs));
      writeFileSync(`${cpu}/cpu.cfs_quota_us`, quota ?? '-1');
    } else {
      writeFileSync(`${memory}/memory.max`, bytes);
      if (readdirSync(memory).includes('memory.swap.max')) writeFileSync(`${memory}/memory.swap.max`, '0');
      writeFileSync(`${cpu}/cpu.max`, `${quota ?? 'max'} ${String(periodUs)}`);
    }
  }

  #all(): readonly string[] {
    return [...new Set(Object.values(this.#folders))];
  }

  #read(name: string): string {
    return readFileSync(path.join(this.#folders.memory, name), 'utf8');
  }
}

function mayMakeIn(folder: string): boolean {
  try {
    accessSync(`${folder}/cgroup.procs`, constants.W_OK);
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
