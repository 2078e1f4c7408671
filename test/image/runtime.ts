/** Crun, the runtime that starts the containers of these tests. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runtimeConfig, type ContainerOptions } from './container.js';

/** The words before crun's own command. */
export type RuntimeCommand = readonly [string, ...string[]];

/**
 * Crun without control groups, which not every machine lets it make. Its containers hold the standard output that they
 * are given: runc copies it, and a line may come after the answer that it tells of.
 * @throws Error with what crun said when it can run nothing here
 */
export function findRuntime(work: string, options: Omit<ContainerOptions, 'args' | 'environment'>): RuntimeCommand {
  const crun = ['crun', `--root=${path.join(work, 'state')}`, '--cgroup-manager=disabled'] as const;
  // Where both versions of control groups are mounted crun refuses to start: it sees the older one alone then.
  const olderAlone = ['unshare', '--mount', '--propagation=slave', 'sh', '-c', 'umount "$0" && exec "$@"'] as const;
  const both = '/sys/fs/cgroup/unified';
  const runtime: RuntimeCommand = existsSync(both) ? [...olderAlone, both, ...crun] : crun;
  const probe = { ...options, command: ['/nodejs/bin/node'], args: ['--version'], environment: {} };
  const { status, stderr, error } = runContainer(runtime, work, probe);
  if (status !== 0) throw new Error(`crun cannot run a container here: ${error?.message ?? stderr.trim()}`);
  return runtime;
}

/** Runs a container to its end. */
export function runContainer([program, ...flags]: RuntimeCommand, work: string, options: ContainerOptions) {
  const { id, directory } = writeBundle(work, options);
  try {
    const words = [...flags, 'run', `--bundle=${directory}`, id];
    return spawnSync(program, words, { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

let bundles = 0;

/** The directory that a runtime reads a container from, and a name for the container. */
export function writeBundle(
  work: string,
  options: ContainerOptions,
): { readonly id: string; readonly directory: string } {
  bundles += 1;
  const id = `image-test-${String(process.pid)}-${String(bundles)}`;
  const directory = path.join(work, 'bundles', id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'config.json'), JSON.stringify(runtimeConfig(options)));
  return { id, directory };
}
