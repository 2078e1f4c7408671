/** A process that writes a volume and may be killed while it does: bundled and started by tests of the writer. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createVolumeWriter } from '../../src/mount/volume/write.js';
import { testContext } from './contexts.js';
import { planned } from './volumes.js';

export interface ChildOrders {
  readonly target: string;
  /** Sets of files, `[path, contents, mode]`, written one after the other. */
  readonly sets: readonly (readonly (readonly [string, string, number])[])[];
  /** Starts again after the last set, without end. */
  readonly loop?: boolean;
  /** Kills itself in place of the n-th call, from 1, that would change the file system while it writes the last set. */
  readonly killAt?: number;
}

/** Calls by which the writer changes a file system. */
const changing = [
  'chmodSync',
  'fchmodSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmdirSync',
  'unlinkSync',
  'utimesSync',
  'writeFileSync',
] as const;

function killAt(count: number): void {
  let calls = 0;
  for (const name of changing) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        const only = name === 'openSync' && (Number(args[1]) & fs.constants.O_CREAT) === 0;
        if (!only && (calls += 1) === count) process.kill(process.pid, 'SIGKILL');
        return real(...args);
      },
    });
  }
  syncBuiltinESMExports();
}

async function main(orders: ChildOrders): Promise<void> {
  const writer = createVolumeWriter({ pruneRemovedFiles: false });
  process.stdout.write('ready\n');
  do {
    for (const [index, set] of orders.sets.entries()) {
      if (orders.killAt !== undefined && index === orders.sets.length - 1) killAt(orders.killAt);
      await writer.write(
        orders.target,
        set.map(([path, contents, mode]) => planned(path, contents, mode)),
        testContext(),
      );
    }
  } while (orders.loop === true);
}

await main(JSON.parse(fs.readFileSync(0, 'utf8')) as ChildOrders);
