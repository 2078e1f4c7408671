/** The chart as a release packages it, over a chart repository on this machine. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import { copyChartFiles } from '../../scripts/chart/helm.js';
import { packageChart } from '../../scripts/release/package-chart.js';
import { kubectlLayer } from '../../scripts/kubectl-layer.js';
import { chartOrSkip, stubDriver } from './chart-support.js';

describe('the package of the chart', function () {
  this.timeout(60_000);
  let work: string;
  let server: Server;
  let chart: string;
  const saved = process.env['TMPDIR'];
  const inWork = (...names: readonly string[]) => path.join(work, ...names);
  const run = (program: string, ...words: readonly string[]) =>
    promisify(execFile)(program, words, { env: { PATH: process.env['PATH'], HOME: work } });
  const helm = (...words: readonly string[]) => run(kubectlLayer().helm, ...words);

  /** Puts a version of the driver's stand-in into the repository. */
  async function publish(version: string): Promise<void> {
    const driver = inWork(`driver-${version}`);
    cpSync(stubDriver, driver, { recursive: true });
    const file = path.join(driver, 'Chart.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^version: .*$/m, `version: ${version}`));
    await helm('package', driver, '--destination', inWork('repository'));
    await helm('repo', 'index', inWork('repository'));
  }

  /** The chart with its dependency in this repository, in which 1.6.0 is locked and 1.7.0 the newest by now. */
  async function lockChart(): Promise<void> {
    copyChartFiles(chart);
    const { port } = server.address() as AddressInfo;
    const document = parseDocument(readFileSync(path.join(chart, 'Chart.yaml'), 'utf8'));
    document.setIn(['dependencies', 0, 'repository'], `http://127.0.0.1:${port}`);
    writeFileSync(path.join(chart, 'Chart.yaml'), document.toString());
    await publish('1.6.0');
    await helm('dependency', 'update', chart);
    rmSync(path.join(chart, 'charts'), { recursive: true });
    await publish('1.7.0');
  }

  before(async function () {
    (await chartOrSkip(this)).dispose();
    work = mkdtempSync(path.join(tmpdir(), 'package-test-'));
    chart = inWork('chart');
    for (const name of ['repository', 'tmp']) mkdirSync(inWork(name));
    server = createServer((request, response) => {
      const name = path.basename(request.url ?? '');
      if (readdirSync(inWork('repository')).includes(name)) response.end(readFileSync(inWork('repository', name)));
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await lockChart();
    process.env['TMPDIR'] = inWork('tmp');
  });
  after(() => {
    if (saved === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = saved;
    // Without helm there is nothing.
    (server as Server | undefined)?.close();
    if ((work as string | undefined) !== undefined) rmSync(work, { recursive: true });
  });

  it('holds the sub-chart that is locked, and the chart itself stays as it is', async () => {
    const out = inWork('out');
    await packageChart({ helm: kubectlLayer().helm, chart, out });
    const [name = '', ...others] = readdirSync(out);
    assert.deepEqual(others, []);
    assert.match(name, /^secrets-store-csi-driver-provider-aws-\d+\.\d+\.\d+\.tgz$/);
    const { stdout } = await run('tar', '-xzOf', path.join(out, name), '--wildcards', '*/charts/*/Chart.yaml');
    assert.match(stdout, /^name: secrets-store-csi-driver\n.*^version: 1\.6\.0$/ms);
    assert.ok(!existsSync(path.join(chart, 'charts')));
    assert.deepEqual(readdirSync(inWork('tmp')), []);
  });

  it('is not made with a lock that does not fit, and helm says so', async () => {
    const file = path.join(chart, 'Chart.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('^1', '^2'));
    await assert.rejects(packageChart({ helm: kubectlLayer().helm, chart, out: inWork('none') }), {
      message: /^helm dependency build: .*lock file \(Chart\.lock\) is out of sync/s,
    });
    assert.ok(!existsSync(inWork('none')));
  });

  it('is not made without the repository, and helm says so', async () => {
    await new Promise((resolve) => server.close(resolve));
    const options = { helm: kubectlLayer().helm, chart, out: inWork('none') };
    await assert.rejects(packageChart(options), /^Error: helm repo add: .*127\.0\.0\.1/s);
  });
});
