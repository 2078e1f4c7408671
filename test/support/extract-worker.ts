/** The expression worker as the build makes it, in a temporary folder, and stand-ins for workers that misbehave. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

export interface WorkerFolder {
  /** The bundled worker. */
  readonly workerFile: string;
  /** Writes another CommonJS worker and returns its path. */
  write(name: string, source: string): Promise<string>;
  remove(): Promise<void>;
}

export async function buildWorker(): Promise<WorkerFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'extract-worker-'));
  const workerFile = path.join(folder, 'extract-worker.cjs');
  await build({
    entryPoints: [path.resolve(import.meta.dirname, '../../src/mount/expression/extract-worker.ts')],
    outfile: workerFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    mainFields: ['module', 'main'],
  });
  return {
    workerFile,
    write: async (name, source) => {
      const file = path.join(folder, `${name}.cjs`);
      await writeFile(file, source);
      return file;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
