// Runs in the image's last but one stage: lets Node write its compile cache for all programs of the image and their parts.
// What Node keeps is what loading a file compiles, so no provider has to serve for it (test/image checks that). This
// program itself stays out of the cache: it runs without the variable, which only its children get.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const env = { NODE_COMPILE_CACHE: '/app/cache' };
const parts = readdirSync('/app/parts').flatMap((name) => ['--require', `/app/parts/${name}`]);
// First as it starts, then with every part.
for (const loaded of [[], parts]) {
  const words = [...process.execArgv, ...loaded, '/app/main.js', '-h'];
  const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  if (status === 0) continue;
  console.error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  process.exit(1);
}

const worker = new Worker('/app/extract-worker.js', { env });
worker.once('message', () => void worker.terminate());
