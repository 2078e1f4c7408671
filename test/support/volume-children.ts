/** Starts `volume-child.ts` as a process of its own, quickly: bundled once. */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { buildSync } from 'esbuild';
import type { ChildOrders } from './volume-child.js';

export interface ChildProgram {
  /** Starts it; `prefix` is a command line that runs it with other rights. */
  start(orders: ChildOrders, prefix?: readonly string[]): ChildProcess;
  remove(): void;
}

export function bundleChild(): ChildProgram {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'volume-child-'));
  // Other users run it too.
  fs.chmodSync(directory, 0o755);
  const outfile = path.join(directory, 'child.mjs');
  buildSync({
    entryPoints: [path.join(import.meta.dirname, 'volume-child.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  });
  return {
    start: (orders, prefix = []) => {
      const [command = process.execPath, ...args] = prefix.length > 0 ? [...prefix, process.execPath] : [];
      const child = spawn(command, [...args, outfile], { stdio: ['pipe', 'pipe', 'pipe'] });
      // Not as an argument: the sets are larger than one may be.
      child.stdin.end(JSON.stringify(orders));
      return child;
    },
    remove: () => {
      fs.rmSync(directory, { recursive: true });
    },
  };
}

/** How a process ended, and what it complained of. */
export function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null; errors: string }> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, errors });
    });
  });
}
