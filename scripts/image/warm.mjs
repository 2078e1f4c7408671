// Runs in the image's last but one stage: lets Node write its compile cache for the two programs of the image. What Node
// keeps is what loading a program compiles, so `-h` gives the same cache as a start that serves (test/image checks that).
// This program itself stays out of the cache: it runs without the variable, which only its children get.
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';

const env = { NODE_COMPILE_CACHE: '/app/cache' };

const { status, stderr } = spawnSync(process.execPath, [...process.execArgv, '/app/main.js', '-h'], { env });
if (status !== 0) {
  console.error(`main.js -h ended with ${status}: ${stderr}`);
  process.exit(1);
}

const worker = new Worker('/app/extract-worker.js', { env });
worker.once('message', () => void worker.terminate());
