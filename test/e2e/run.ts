/**
 * `npm run test:e2e`: builds a real cluster of one node, runs the tests inside its namespaces, and takes all of it away,
 * whatever happens. `--image=FILE` tests another archive of the provider's image than the one it would build;
 * `--keep` leaves the cluster running after the tests until Ctrl-C; what follows `--` goes to mocha.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { kubectlLayer } from '../../scripts/kubectl-layer.js';
import { startCluster, type Cluster } from './cluster/cluster.js';
import { buildTools } from './tools/build.js';
import { missing } from './tools/requirements.js';

const root = path.resolve(import.meta.dirname, '../..');
const started = Date.now();

function say(line: string): void {
  process.stdout.write(`[${((Date.now() - started) / 1000).toFixed(1)} s] ${line}\n`);
}

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort();
    });
  }
  try {
    return await testOnCluster(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say('stopped');
    return 130;
  }
}

async function testOnCluster(signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { image: { type: 'string' }, keep: { type: 'boolean' } },
    allowPositionals: true,
  });
  const reason = await missing();
  if (reason !== undefined) {
    process.stdout.write(`skipped: ${reason}\n`);
    return 0;
  }
  const layer = kubectlLayer();
  const tools = await buildTools(say, signal);
  say('tools are ready');
  let cluster: Cluster | undefined;
  try {
    cluster = await startCluster({ root, tools, layer, image: values.image, signal });
    say(`the cluster is ready: WORK=${cluster.work} test/e2e/cluster/in.sh kubectl get pods -A`);
    const status = await mocha(cluster, positionals, signal);
    if (values.keep === true && !signal.aborted) {
      say('kept until Ctrl-C');
      await once(signal, 'abort');
    }
    return signal.aborted && values.keep !== true ? 130 : status;
  } finally {
    await cluster?.stop();
    say('the cluster is gone');
  }
}

/** Runs the tests inside, where the API server, pods and the stand-in for AWS have their addresses. */
async function mocha(cluster: Cluster, more: readonly string[], signal: AbortSignal): Promise<number> {
  const files = more.length > 0 ? more : ['test/e2e/*.e2e.ts'];
  const program = [
    'node',
    'node_modules/mocha/bin/mocha.js',
    '--require=./test/e2e/support/hooks.ts',
    '--timeout=120000',
    '--slow=30000',
    '--bail',
    ...files,
  ];
  const child = spawn(cluster.in, program, {
    cwd: root,
    env: cluster.environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // The cluster's end takes the tests with it.
  signal.addEventListener('abort', () => void cluster.stop(), { once: true });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

process.exitCode = await main();
