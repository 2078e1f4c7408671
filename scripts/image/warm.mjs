// Runs in the image's last but one stage: lets Node write its compile cache for all programs of the image and their parts.
// What Node keeps is what loading a file compiles, so no provider has to serve for it (test/image checks that). This
// program itself stays out of the cache: it runs without the variable, which only its children get.
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';

const env = { NODE_COMPILE_CACHE: '/app/cache' };
const parts = 'for (const name of fs.readdirSync("/app/parts")) require(`/app/parts/${name}`)';
for (const words of [
  ['/app/main.js', '-h'],
  ['-e', parts],
]) {
  const { status, stderr } = spawnSync(process.execPath, [...process.execArgv, ...words], { env });
  if (status === 0) continue;
  console.error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  process.exit(1);
}

const worker = new Worker('/app/extract-worker.js', { env });
worker.once('message', () => void worker.terminate());
