/** A start that cannot work ends soon, says why, and leaves no socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const program = path.resolve(import.meta.dirname, '../../dist/main.js');

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs the program to its end; one that goes on is killed after 5 s. */
function run(flags: readonly string[], environment: Readonly<Record<string, string>>): Promise<End> {
  const child = spawn(process.execPath, [program, ...flags], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 5000,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stderr });
    });
  });
}

describe('a start that fails', function () {
  this.timeout(15_000);
  let folder: string;
  let environment: Readonly<Record<string, string>>;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'start-'));
    const kubeconfig = path.join(folder, 'kubeconfig');
    const cluster = { name: 'c', cluster: { server: 'http://127.0.0.1:1' } };
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
        clusters: [cluster],
        users: [{ name: 'c', user: {} }],
      }),
    );
    environment = { KUBECONFIG: kubeconfig };
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  // In /proc, Node's own recursive mkdir turns round for ever, and no signal ends it.
  it('ends where no directory can be made', async function () {
    if (process.platform !== 'linux') this.skip(); // No /proc.
    const { code, signal, stderr } = await run(['--provider-volume=/proc/none/deeper'], environment);
    assert.deepEqual({ code, signal }, { code: 1, signal: null });
    assert.match(stderr, /cannot serve the socket "\/proc\/none\/deeper\/aws.sock"/);
  });

  for (const [title, flag, code, message] of [
    ['an unknown flag', '--x', 2, /flag provided but not defined: -x\nUsage of /],
    ['three dashes', '---qps=5', 2, /bad flag syntax: ---qps=5/],
    ['another spelling', '--QPS=5', 2, /not defined: -QPS/],
    ['a boolean that is none', '--driver-writes-secrets=yes', 2, /"yes" for flag -driver-writes-secrets/],
    ['a number that is none', '-qps=fast', 2, /"fast" for flag -qps/],
    ['a duration without a unit', '--pod-identity-http-timeout=2', 2, /"2" for flag -pod-identity-http-timeout/],
    ['a duration of nothing', '--pod-identity-http-timeout=0s', 2, /-pod-identity-http-timeout: must be longer/],
    ['a flag without its value', '--burst', 2, /flag needs an argument: -burst/],
  ] as const) {
    it(`names ${title}, with the usage and no socket`, async () => {
      const volume = mkdtempSync(path.join(folder, 'v-'));
      const end = await run([`--provider-volume=${volume}`, flag], environment);
      assert.equal(end.code, code);
      assert.match(end.stderr, message);
      assert.deepEqual(readdirSync(volume), []);
    });
  }

  for (const [title, variables, message] of [
    ['a switch that is none', { AWS_USE_FIPS_ENDPOINT: 'maybe' }, /AWS_USE_FIPS_ENDPOINT is "maybe"/],
    ['an endpoint that is no URL', { AWS_ENDPOINT_URL_SSM: 'ssm' }, /AWS_ENDPOINT_URL_SSM/],
    ['a proxy of another kind', { HTTPS_PROXY: 'socks5://x:1' }, /HTTPS_PROXY .*"socks5"/],
    ['roots that are not there', { SSL_CERT_FILE: '/nonexistent' }, /SSL_CERT_FILE="\/nonexistent" cannot be read/],
    ['no way to Kubernetes', { KUBECONFIG: '' }, /no way to the Kubernetes API/],
    ['a debugger', { NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2' }, /would reveal secrets/],
  ] as const) {
    it(`names ${title} in the environment, with no socket`, async () => {
      const volume = mkdtempSync(path.join(folder, 'v-'));
      const end = await run([`--provider-volume=${volume}`], { ...environment, ...variables });
      assert.equal(end.code, 1);
      assert.match(end.stderr, message);
      assert.doesNotMatch(end.stderr, /Usage of/);
      assert.deepEqual(readdirSync(volume), []);
    });
  }
});
