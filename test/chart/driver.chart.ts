/** The real chart of the driver as our sub-chart: what reaches it, and what Chart.lock says of it. Needs Go to fetch it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse as load } from 'yaml';
import { chartFolder, copyChartFiles, type ChartCopy } from '../../scripts/chart/helm.js';
import { chartOrSkip, parse, render, type Rendered } from './chart-support.js';

const read = (file: string): unknown => load(readFileSync(path.join(chartFolder, file), 'utf8'));

describe('lock of the sub-chart', () => {
  let chart: ChartCopy;

  before(async function () {
    chart = await chartOrSkip(this);
  });
  after(() => (chart as ChartCopy | undefined)?.dispose());

  it('names the driver 1.6.0 of the declared repository', () => {
    const { dependencies: declared } = read('Chart.yaml') as { dependencies: readonly Record<string, string>[] };
    const { dependencies: locked } = read('Chart.lock') as { dependencies: unknown };
    const wanted = declared.map(({ name, repository }) => ({ name, repository, version: '1.6.0' }));
    assert.deepEqual(locked, wanted);
  });

  it('is accepted by `helm dependency build`, and refused for another declaration', async () => {
    const build = async (change: (text: string) => string): Promise<string> => {
      const folder = mkdtempSync(path.join(chart.folder, '../lock-'));
      copyChartFiles(folder);
      writeFileSync(path.join(folder, 'Chart.yaml'), change(readFileSync(path.join(folder, 'Chart.yaml'), 'utf8')));
      return (await chart.helm(['dependency', 'build', folder])).stderr;
    };
    // This comes after the look at the lock: here helm knows no repository, and needs no network to say so.
    assert.match(await build((text) => text), /no repository definition for https:/);
    assert.match(await build((text) => text.replace('^1', '^2')), /the lock file \(Chart\.lock\) is out of sync/);
  });
});

describe('the driver’s own chart as sub-chart', () => {
  let chart: ChartCopy;
  let driver: string;

  before(async function () {
    this.timeout(300_000);
    driver = driverChartOrSkip(this);
    chart = await chartOrSkip(this, driver);
  });
  after(() => (chart as ChartCopy | undefined)?.dispose());

  const ofDriver = (objects: readonly Rendered[]): readonly Rendered[] =>
    objects.filter(({ metadata }) => metadata.labels?.['app'] === 'secrets-store-csi-driver');

  it('is rendered as on its own with the four values of ours, so that no other default is changed', async () => {
    const { 'secrets-store-csi-driver': values } = read('values.yaml') as Record<string, { linux: object }>;
    assert.ok(values);
    const keys = [...Object.keys(values), ...Object.keys(values.linux)];
    assert.deepEqual(keys, ['install', 'fullnameOverride', 'tokenRequests', 'linux', 'affinity']);
    const file = path.join(chart.folder, '../driver-values.json');
    writeFileSync(file, JSON.stringify(values));
    const args = ['template', 'aws', driver, '--namespace', 'kube-system', '--values', file];
    const { code, stdout, stderr } = await chart.helm(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const alone = ofDriver(parse(stdout));
    assert.deepEqual(ofDriver(await render(chart, [])), alone);
    assert.ok(alone.length > 8);
  });

  it('keeps the name that AWS’s chart gives, asks for both tokens, and leaves rotation off', async () => {
    const objects = await render(chart, []);
    const csiDriver = objects.find(({ kind }) => kind === 'CSIDriver')?.['spec'] as Record<string, unknown>;
    assert.deepEqual(csiDriver['tokenRequests'], [
      { audience: 'sts.amazonaws.com' },
      { audience: 'pods.eks.amazonaws.com' },
    ]);
    assert.equal(csiDriver['requiresRepublish'], false);
    const names = objects.filter(({ kind }) => kind === 'DaemonSet').map(({ metadata }) => metadata.name);
    assert.deepEqual(names.sort(), ['aws-secrets-store-csi-driver-provider-aws', 'secrets-store-csi-driver']);
  });

  it('takes all its values from below secrets-store-csi-driver', async () => {
    const sets = ['enableSecretRotation=true', 'rotationPollInterval=30s', 'syncSecret.enabled=true'];
    const objects = await render(
      chart,
      sets.flatMap((set) => ['--set', `secrets-store-csi-driver.${set}`]),
    );
    const text = JSON.stringify(objects.filter(({ kind }) => kind === 'DaemonSet'));
    assert.ok(text.includes('--rotation-poll-interval=30s'));
    assert.ok(text.includes('--enable-secret-rotation=true'));
    const roles = objects.filter(({ kind }) => kind === 'ClusterRole');
    assert.ok(JSON.stringify(roles).includes('"secrets"'));
  });

  const notes = async (...values: readonly string[]): Promise<string> => {
    const sets = values.flatMap((value) => ['--set', value]);
    const args = ['install', 'aws', chart.folder, '--dry-run=client', '--namespace', 'kube-system', ...sets];
    const { code, stdout, stderr } = await chart.helm(args);
    assert.equal(code, 0, stderr);
    return stdout.slice(stdout.indexOf('NOTES:'));
  };

  it('is told of in the notes when it would look for the provider elsewhere', async () => {
    const quiet = await notes('image.repository=registry.example.com/provider');
    assert.ok(quiet.includes('rollout status daemonset/aws-secrets-store-csi-driver-provider-aws'));
    assert.ok(!quiet.includes('NOTE:'), quiet);
    assert.match(
      await notes('providerVolume=/run/own'),
      /NOTE: the driver does not look in providerVolume, \/run\/own/,
    );
    assert.match(await notes('kubeletPath=/data'), /NOTE: the driver works in another directory of kubelet/);
    const install = 'secrets-store-csi-driver.install=false';
    assert.match(await notes(install), /NOTE: the driver is not part of this release/);
  });

  it('is told of in the notes when it would hand out no token of an audience', async () => {
    const requests = 'secrets-store-csi-driver.tokenRequests';
    assert.match(
      await notes(`${requests}[0].audience=sts.amazonaws.com`),
      /NOTE: .* no token for pods\.eks\.amazonaws\.com/,
    );
    // Null below the sub-chart's key is helm's own: the default of the driver's chart, and not of ours.
    for (const none of [`${requests}=null`, 'secrets-store-csi-driver=null']) {
      assert.match(await notes(none), /NOTE: .* no token for sts\.amazonaws\.com, pods\.eks\.amazonaws\.com/);
    }
  });

  it('does not hide that a service account must be there, with which rights', async () => {
    const account = ['rbac.install=false', 'rbac.serviceAccountName=own'];
    assert.match(
      await notes(...account),
      /NOTE: .* own must be in kube-system, and may get serviceaccounts and nodes\./,
    );
    assert.match(await notes(...account, 'awsRegion=eu-west-1'), /may get serviceaccounts\./);
  });

  it('does not hide a CPU limit like that of AWS’s chart', async () => {
    assert.match(await notes('resources.limits.cpu=50m'), /NOTE: resources\.limits\.cpu is 50m/);
    for (const enough of ['500m', '1', 'null']) {
      assert.ok(!(await notes(`resources.limits.cpu=${enough}`)).includes('limits.cpu'), enough);
    }
  });

  it('does not hide an image that no registry serves, or a tag that may be AWS’s', async () => {
    assert.match(await notes(), /NOTE: no registry serves localhost\//);
    assert.match(await notes('image.tag=3.1.1'), /NOTE: image\.tag is 3\.1\.1, and this chart was made for/);
  });
});

/** The driver's chart out of its Go module, which the module cache or proxy gives. */
function driverChartOrSkip(context: Mocha.Context): string {
  try {
    const args = ['mod', 'download', '-json', 'sigs.k8s.io/secrets-store-csi-driver@v1.6.0'];
    const answer = execFileSync('go', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000 });
    return path.join((JSON.parse(answer) as { Dir: string }).Dir, 'charts/secrets-store-csi-driver');
  } catch (error) {
    const { code, stdout } = error as { code?: string; stdout?: string };
    const reason = code === 'ENOENT' ? 'there is no Go' : `go mod download failed ${stdout ?? ''}`;
    process.stderr.write(`skipped: the driver's chart comes out of a Go module, and ${reason}\n`);
    return context.skip();
  }
}
