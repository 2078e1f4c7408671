import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { build } from 'esbuild';
import { Driver, type DriverMount } from './support/driver.js';
import { until } from './server/serving.js';

interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
}

describe('the provider process', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'main-'));
  const program = path.join(folder, 'main.cjs');
  const kubeconfig = path.join(folder, 'kubeconfig');
  let volume = '';
  let volumes = 0;
  const children: ChildProcess[] = [];
  const drivers: Driver[] = [];
  /** Requests to the Kubernetes API that nobody has answered yet. */
  const asked: http.ServerResponse[] = [];
  const api = http.createServer((_request, response) => asked.push(response));

  before(async () => {
    await build({
      // As src/start.ts does, but in one file.
      stdin: {
        contents: `import './process/harden-process.js';
          import { main } from './main.js';
          void main({ folder: import.meta.dirname, atExit: () => undefined });`,
        resolveDir: path.resolve(import.meta.dirname, '../src'),
        loader: 'ts',
      },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.19',
      mainFields: ['module', 'main'],
      define: { 'import.meta.dirname': '__dirname' },
    });
    await once(api.listen(0, '127.0.0.1'), 'listening');
    const server = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`;
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server } }],
        users: [{ name: 'u', user: { token: 't' } }],
      }),
    );
  });
  beforeEach(() => {
    volumes += 1;
    volume = path.join(folder, String(volumes));
  });
  afterEach(() => {
    for (const driver of drivers.splice(0)) driver.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const response of asked.splice(0)) response.destroy();
  });
  after(() => {
    api.closeAllConnections();
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(flags: readonly string[] = [], env: Record<string, string> = {}, node: readonly string[] = []): Running {
    const child = spawn(process.execPath, [...node, program, `--provider-volume=${volume}`, ...flags], {
      env: { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const ended = once(child, 'close').then(() => child.exitCode);
    return { child, stdout: () => stdout, stderr: () => stderr, ended };
  }

  async function serving(...given: Parameters<typeof run>): Promise<Running> {
    const running = run(...given);
    await until(() => running.stdout().includes('"serving"') || running.child.exitCode !== null);
    assert.equal(running.child.exitCode, null, running.stderr());
    return running;
  }

  function driver(): Driver {
    const made = new Driver(path.join(volume, 'aws.sock'));
    drivers.push(made);
    return made;
  }

  /** A mount that waits for the Kubernetes API. */
  function waitingMount(): DriverMount {
    const targetPath = path.join(folder, 'target');
    mkdirSync(targetPath, { recursive: true });
    const token = { token: 'a.b.c', expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString() };
    const objects = '- {objectName: a, objectType: secretsmanager}';
    const tokens = JSON.stringify({ 'sts.amazonaws.com': token });
    return { parameters: { objects, region: 'eu-west-1' }, namespace: 'ns', serviceAccount: 'app', tokens, targetPath };
  }

  function packageVersion(): string {
    const text = readFileSync(path.resolve(import.meta.dirname, '../package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  }

  it('logs that it serves, answers Version, and ends with 0 and without its socket on SIGTERM', async () => {
    const provider = await serving();
    const version = await driver().version();
    assert.deepEqual(version, {
      version: 'v1alpha1',
      runtime_name: 'secrets-store-csi-driver-provider-aws',
      runtime_version: packageVersion(),
    });
    provider.child.kill('SIGTERM');
    assert.equal(await provider.ended, 0);
    assert.deepEqual(readdirSync(volume), []);
    const lines = provider.stdout().trim().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
    assert.deepEqual(messages, ['serving', 'stopping', 'stopped']);
    assert.equal(provider.stderr(), '');
  });

  it('answers probes on the port that --http-port gives, and says where', async () => {
    const free = http.createServer().listen(0);
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    const taken = run([`--http-port=${port}`]);
    assert.equal(await taken.ended, 1);
    assert.equal(taken.stderr(), `cannot listen on port ${port}: another process has it; give another --http-port\n`);
    assert.ok(!existsSync(volume));
    free.close();
    const provider = await serving([`--http-port=${port}`]);
    assert.equal((JSON.parse(provider.stdout()) as { httpPort?: number }).httpPort, port);
    const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
    assert.equal(status, 200);
  });

  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
    it(`ends in the same way on ${signal}`, async () => {
      const provider = await serving();
      provider.child.kill(signal);
      assert.equal(await provider.ended, 0);
      assert.deepEqual(readdirSync(volume), []);
    });
  }

  it('opens no debugger and goes on at SIGUSR1, SIGUSR2 and SIGTRAP', async () => {
    const provider = await serving();
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGTRAP'] as const) provider.child.kill(signal);
    await sleep(200);
    await driver().version();
    assert.equal(provider.stderr(), '');
  });

  it('lets a mount under way finish after SIGTERM, and refuses new calls', async () => {
    const provider = await serving();
    const first = driver();
    const mount = first.mount(waitingMount());
    mount.catch(() => undefined);
    await until(() => asked.length > 0);
    provider.child.kill('SIGTERM');
    await until(() => !existsSync(path.join(volume, 'aws.sock')));
    const successor = await serving();
    const next = first.mount({ ...waitingMount(), rawAttributes: 'none' });
    await assert.rejects(next, { code: grpc.status.INVALID_ARGUMENT });
    assert.match(successor.stdout(), /"mount failed"/);
    for (const response of asked.splice(0)) response.writeHead(404).end('{}');
    await assert.rejects(mount, { code: grpc.status.NOT_FOUND });
    assert.equal(await provider.ended, 0);
    assert.ok(existsSync(path.join(volume, 'aws.sock')));
  });

  it('replaces the socket of a process that was killed', async () => {
    const killed = await serving();
    killed.child.kill('SIGKILL');
    await killed.ended;
    assert.ok(existsSync(path.join(volume, 'aws.sock')));
    await serving();
    await driver().version();
  });

  it('goes on when the reader of its log is gone', async () => {
    const provider = await serving();
    provider.child.stdout?.destroy();
    const caller = driver();
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(caller.mount({ ...waitingMount(), rawAttributes: 'none' }), {
        code: grpc.status.INVALID_ARGUMENT,
      });
    }
    assert.equal(provider.child.exitCode, null);
  });

  const failures: readonly {
    readonly title: string;
    readonly flags?: readonly string[];
    readonly env?: Record<string, string>;
    readonly node?: readonly string[];
    readonly code: number;
    readonly message: RegExp;
  }[] = [
    { title: 'without a way to Kubernetes', env: { KUBECONFIG: '' }, code: 1, message: /KUBECONFIG/ },
    { title: 'with a debugger', env: { NODE_OPTIONS: '--inspect=0' }, code: 1, message: /--inspect in NODE_OPTIONS/ },
    {
      title: 'with heap snapshots',
      node: ['--heapsnapshot-signal=SIGUSR2'],
      code: 1,
      message: /--heapsnapshot-signal/,
    },
    { title: 'with NODE_DEBUG', env: { NODE_DEBUG: 'none' }, code: 1, message: /NODE_DEBUG would reveal secrets/ },
    { title: 'with a bad endpoint', env: { AWS_ENDPOINT_URL: 'x' }, code: 1, message: /AWS_ENDPOINT_URL is not an/ },
    { title: 'with an unknown flag', flags: ['--nope'], code: 2, message: /not defined: -nope\nUsage of / },
    { title: 'with a bad duration', flags: ['--pod-identity-http-timeout=0'], code: 2, message: /longer than zero/ },
  ];
  for (const { title, flags, env, node, code, message } of failures) {
    it(`refuses to start ${title}: status ${code}, one log line, the message on standard error, no socket`, async () => {
      const provider = run(flags, env, node);
      assert.equal(await provider.ended, code);
      assert.match(provider.stderr(), message);
      const line = JSON.parse(provider.stdout()) as Record<string, unknown>;
      assert.deepEqual([line['level'], line['message']], ['error', 'the provider cannot start']);
      assert.ok(provider.stderr().includes(String(line['error'])));
      assert.ok(!existsSync(volume));
    });
  }

  it('refuses to start with a directory in the place of the socket', async () => {
    mkdirSync(path.join(volume, 'aws.sock'), { recursive: true });
    const provider = run();
    assert.equal(await provider.ended, 1);
    assert.match(provider.stderr(), /^cannot serve the socket .*: a directory is in its place; remove it\n$/);
    assert.deepEqual(readdirSync(volume), ['aws.sock']);
  });

  it('says what is wrong with a flag after the usage, at the end, which is what kubectl shows of a log', async () => {
    const provider = run(['--provider-volum=/x']);
    assert.equal(await provider.ended, 2);
    assert.match(provider.stderr(), /^Usage of /m);
    assert.match(
      provider.stderr().trimEnd().split('\n').at(-1) ?? '',
      /flag provided but not defined: -provider-volum/,
    );
  });

  it('prints the usage on standard error and ends with 0 for -h', async () => {
    const provider = run(['-h']);
    assert.equal(await provider.ended, 0);
    assert.match(provider.stderr(), /^Usage of secrets-store-csi-driver-provider-aws:\n {2}-provider-volume text\n/);
    assert.equal(provider.stdout(), '');
  });
});
