/**
 * Runs the image's provider in a container under the manifest's security context, in the place of `node dist/main.js`:
 * takes the provider's flags, passes its own environment on, forwards signals and ends as the container ends.
 * `IMAGE_RUN` names the JSON file of what to run (`ImageRun`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { writeBundle } from './runtime.js';
import type { ImageRun } from './setup.js';

const run = JSON.parse(readFileSync(process.env['IMAGE_RUN'] ?? '', 'utf8')) as ImageRun;
const environment = Object.fromEntries(
  // What the container's own must not be, and what only this program is told.
  Object.entries(process.env).flatMap(([name, value]) =>
    /^(PATH|IMAGE_RUN)$/.test(name) ? [] : [[name, value ?? '']],
  ),
);
const { id, directory } = writeBundle(run.work, { ...run, args: process.argv.slice(2), environment });
const [program, ...flags] = run.runtime;
const words = [...flags, 'run', `--bundle=${directory}`, ...(run.pidFile ? [`--pid-file=${run.pidFile}`] : []), id];
const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    spawnSync(program, [...flags, 'kill', id, signal], { stdio: 'ignore' });
  });
}
child.once('close', (code, signal) => {
  rmSync(directory, { recursive: true, force: true });
  process.exit(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
});
