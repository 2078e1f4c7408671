/**
 * What a mount of 10 secrets costs against the stand-in: AWS answers after 20 ms, Kubernetes after 1 ms, the limiter of
 * Kubernetes look-ups is lifted. Prints a table; `--json FILE` writes the figures, `--provider-cmd "..."` measures
 * another provider.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ProviderUnderTest } from './provider-under-test.js';
import { StandInProcess } from './stand-in-process.js';

const region = 'eu-west-1';
const names = Array.from({ length: 10 }, (_, index) => `secret-${String(index)}`);
const objects = names.map((name) => `- { objectName: ${name}, objectType: secretsmanager }`).join('\n');
const flags = ['--qps=1000', '--burst=2000'];

const { values } = parseArgs({
  options: {
    'provider-cmd': { type: 'string' },
    json: { type: 'string' },
    firsts: { type: 'string', default: '100' },
    repeats: { type: 'string', default: '300' },
    mounts: { type: 'string', default: '1000' },
  },
});
const main = path.resolve(import.meta.dirname, '../dist/main.js');
const command = values['provider-cmd']?.split(' ') ?? [process.execPath, main];

const standIn = await StandInProcess.start(
  {
    secrets: { [region]: Object.fromEntries(names.map((name) => [name, `value of ${name}`])) },
    roles: { app: {} },
    serviceAccounts: { 'ns/app': { role: 'app' } },
    podIdentityAssociations: { 'ns/app': 'app' },
  },
  20,
  1,
);
const environment = { AWS_REGION: region, ...standIn.ready.environment };
const provider = await ProviderUnderTest.start(command, [...flags, ...standIn.ready.flags], environment);
const folder = mkdtempSync(path.join(tmpdir(), 'bench-targets-'));

async function prepare(pod: string) {
  const targetPath = path.join(folder, pod);
  mkdirSync(targetPath);
  const tokens = await standIn.tokens('ns', 'app', pod);
  return { namespace: 'ns', serviceAccount: 'app', pod, tokens, targetPath, parameters: { region, objects } };
}

/** Milliseconds of each mount, one after the other. */
async function time(mounts: readonly Awaited<ReturnType<typeof prepare>>[]): Promise<number[]> {
  const times: number[] = [];
  for (const mount of mounts) {
    const started = performance.now();
    await provider.driver.mount(mount);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;

try {
  await time(await Promise.all(Array.from({ length: 20 }, (_, index) => prepare(`warm-${String(index)}`))));
  const pods = [];
  for (let index = 0; index < Number(values.firsts); index += 1) pods.push(await prepare(`first-${String(index)}`));
  const cpuBefore = provider.cpuMs();
  const first = await time(pods);
  const cpuFirst = (provider.cpuMs() - cpuBefore) / first.length;
  const one = await prepare('repeated');
  await time([one]);
  const cpuMiddle = provider.cpuMs();
  const repeated = await time(Array<typeof one>(Number(values.repeats)).fill(one));
  const cpuRepeated = (provider.cpuMs() - cpuMiddle) / repeated.length;

  const total = Number(values.mounts);
  let rssEarly = NaN;
  let socketsEarly = NaN;
  const started = performance.now();
  for (let done = 0; done < total; done += 10) {
    const batch = await Promise.all(Array.from({ length: 10 }, (_, i) => prepare(`many-${String(done + i)}`)));
    await Promise.all(batch.map((mount) => provider.driver.mount(mount)));
    for (const { targetPath } of batch) rmSync(targetPath, { recursive: true });
    if (done === 190) {
      rssEarly = provider.rssMib();
      socketsEarly = provider.sockets();
    }
  }
  const figures = {
    'first mount, p50 ms': at(first, 0.5),
    'first mount, p99 ms': at(first, 0.99),
    'repeated mount, p50 ms': at(repeated, 0.5),
    'repeated mount, p99 ms': at(repeated, 0.99),
    'CPU of a first mount, ms': cpuFirst,
    'CPU of a repeated mount, ms': cpuRepeated,
    'mounts a second, 10 at once': (total * 1000) / (performance.now() - started),
    'RSS after 200 more mounts, MiB': rssEarly,
    [`RSS after ${String(total)} more mounts, MiB`]: provider.rssMib(),
    'open sockets after 200': socketsEarly,
    [`open sockets after ${String(total)}`]: provider.sockets(),
  };
  console.log(`node ${process.version}, ${command.join(' ')}`);
  for (const [name, value] of Object.entries(figures))
    console.log(`${name.padEnd(40)} ${value.toFixed(1).padStart(8)}`);
  for (const [name, value] of Object.entries(await standIn.requestCounts())) {
    console.log(`${`calls: ${name}`.padEnd(40)} ${String(value).padStart(8)}`);
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ node: process.version, command, figures }, null, 2)}\n`);
} finally {
  await provider.stop();
  await standIn.stop();
  rmSync(folder, { recursive: true, force: true });
}
