/** The charts as a user has them, but for where their parts come from: no registry, no chart repository is reachable. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { awsEndpoint } from './aws.js';
import { run } from './run.js';

export const root = path.resolve(import.meta.dirname, '../../..');
export const namespace = 'kube-system';
/** As AWS's guide names the release. */
export const release = 'secrets-provider-aws';
export const provider = `${release}-secrets-store-csi-driver-provider-aws`;
export const driver = 'secrets-store-csi-driver';

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string };
const repository = 'localhost/secrets-store-csi-driver-provider-aws';

/** The provider's image as a manifest names it. */
export const providerImage = `${repository}:${version}`;

/** Folder of this cluster, where work of the tests belongs too: it goes with the cluster. */
function workFolder(): string {
  const work = process.env['WORK'];
  if (work === undefined) throw new Error('WORK is not set: start these tests with `npm run test:e2e`');
  return work;
}

const driverChart = path.join(workFolder(), 'driver-chart');
/** Folder with the definitions of the driver's classes. */
export const driverCrds = path.join(workFolder(), 'driver-crds');

const localImage = (name: string) => ({ repository: `localhost/${name}`, tag: '1', pullPolicy: 'Never' });

/** Values of the driver's chart: our images, and the two features that are off by default. */
const driverValues = {
  enableSecretRotation: true,
  rotationPollInterval: '4s',
  syncSecret: { enabled: true },
  linux: {
    image: localImage('driver'),
    crds: { image: localImage('crds') },
    registrarImage: localImage('csi-sidecar'),
    livenessProbeImage: localImage('csi-sidecar'),
  },
};

const tokenRequests = [{ audience: 'sts.amazonaws.com' }, { audience: 'pods.eks.amazonaws.com' }];

/** How long the provider may keep a value: shorter than a round of kubelet, or a rotation takes a minute. */
export const secretCacheTtl = '2s';

/** Values of our chart: the image that was imported, and the way to the stand-in for AWS. */
export const providerValues = {
  secretCacheTTL: secretCacheTtl,
  image: { repository, tag: version, pullPolicy: 'Never' },
  extraEnv: [{ name: 'AWS_ENDPOINT_URL', value: awsEndpoint }],
};

export const withDriver = { [driver]: driverValues };
export const withoutDriver = { [driver]: { install: false } };

/** A copy of our chart whose dependency is the driver's chart on this machine. */
export function ourChart(): Promise<string> {
  return chartWithDriver('charts/secrets-store-csi-driver-provider-aws', 'ours');
}

/** The chart of the release that users come from. */
export function predecessorChart(): Promise<string> {
  return chartWithDriver('test/e2e/charts/predecessor', 'predecessor');
}

async function chartWithDriver(source: string, name: string): Promise<string> {
  const chart = path.join(workFolder(), 'charts', name);
  if (existsSync(chart)) return chart;
  cpSync(path.join(root, source), chart, { recursive: true });
  const file = path.join(chart, 'Chart.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^( +repository: ).*$/m, `$1file://${driverChart}`));
  // Not `build`: the lock names the repository that cannot be reached.
  await run('helm', ['dependency', 'update', chart]);
  return chart;
}

/** Installs the driver by its own chart, as a release of its own. */
export async function installDriver(): Promise<void> {
  const values = { ...driverValues, tokenRequests };
  await helmRelease('install', 'csi-secrets-store', { chart: driverChart, values });
}

/** `helm VERB RELEASE CHART` with values, waiting until everything is ready. */
export function helmInstall(
  verb: 'install' | 'upgrade',
  chart: string,
  values: object,
  ...more: string[]
): Promise<string> {
  return helmRelease(verb, release, { chart, values }, ...more);
}

export function helmRelease(
  verb: 'install' | 'upgrade',
  name: string,
  { chart, values }: { readonly chart: string; readonly values: object },
  ...more: string[]
): Promise<string> {
  const args = [verb, name, chart, '-n', namespace, '--wait', '--timeout=90s', '-f', '-', ...more];
  return run('helm', args, { input: JSON.stringify(values) });
}

/** Takes the release away, and waits until its pods have gone. */
export async function helmUninstall(name = release): Promise<void> {
  await run('helm', ['uninstall', name, '-n', namespace, '--wait', '--timeout=60s']);
  await run('kubectl', [
    'wait',
    '--for=delete',
    'pod',
    '-n',
    namespace,
    '-l',
    `app.kubernetes.io/instance=${name}`,
    '--timeout=60s',
  ]);
}
