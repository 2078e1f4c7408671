/** Names, selectors and labels of AWS's release: what must stay for an upgrade to change its objects in place. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { programVersion } from '../../src/options/options.js';
import type { ChartCopy } from '../../scripts/chart/helm.js';
import { chartOrSkip, daemonSet, here, parse, render, withoutDriver, type Rendered } from './chart-support.js';

interface Names {
  readonly release: string;
  readonly set?: string;
  readonly fullname: string;
  readonly app?: string;
  readonly account?: string;
}

const chartName = 'secrets-store-csi-driver-provider-aws';
const long = 'a-release-with-a-name-of-some-length-to-be-cut';

/** As AWS's chart names its objects, for the release and values of each row. */
const rows: readonly Names[] = [
  { release: 'secrets-provider-aws', fullname: `secrets-provider-aws-${chartName}` },
  { release: 'csi', fullname: `csi-${chartName}` },
  { release: chartName, fullname: chartName },
  { release: `my-${chartName}`, fullname: `my-${chartName}` },
  { release: long, fullname: `${long}-secrets-store-cs` },
  { release: 'csi', set: 'nameOverride=provider', fullname: 'csi-provider', app: 'provider' },
  { release: 'the-provider', set: 'nameOverride=provider', fullname: 'the-provider', app: 'provider' },
  { release: 'csi', set: 'fullnameOverride=ascp', fullname: 'ascp' },
  { release: 'csi', set: 'rbac.serviceAccountName=own', fullname: `csi-${chartName}`, account: 'own' },
];

const ids = (objects: readonly Rendered[]): readonly string[] =>
  objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`);

describe('names of AWS’s release', () => {
  let chart: ChartCopy | undefined;

  before(async function () {
    chart = await chartOrSkip(this);
  });
  after(() => chart?.dispose());

  for (const { release, set, fullname, app = chartName, account = fullname } of rows) {
    it(`are kept for the release ${release}${set === undefined ? '' : ` with ${set}`}`, async () => {
      assert.ok(chart);
      const objects = await render(chart, [...withoutDriver, ...(set === undefined ? [] : ['--set', set])], release);
      assert.deepEqual(ids(objects), [
        `v1 ServiceAccount kube-system/${account}`,
        `rbac.authorization.k8s.io/v1 ClusterRole /${fullname}-cluster-role`,
        `rbac.authorization.k8s.io/v1 ClusterRoleBinding /${fullname}-cluster-role-binding`,
        `apps/v1 DaemonSet kube-system/${fullname}`,
      ]);
      const set_ = daemonSet(objects);
      assert.deepEqual(set_.spec.selector, { matchLabels: { app } });
      assert.equal(set_.spec.template.metadata.labels['app'], app);
      assert.equal(set_.spec.template.spec['serviceAccountName'], account);
      // The reference to the role can never change either.
      const binding = objects.find(({ kind }) => kind === 'ClusterRoleBinding');
      assert.deepEqual(binding?.['roleRef'], {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: `${fullname}-cluster-role`,
      });
    });
  }

  it('are those of the container and of the volumes, which users patch', async () => {
    assert.ok(chart);
    const { containers, volumes, ...spec } = daemonSet(await render(chart, withoutDriver)).spec.template.spec;
    assert.deepEqual(
      containers.map(({ name }) => name),
      ['provider-aws-installer'],
    );
    assert.deepEqual(
      volumes.map(({ name, hostPath }) => [name, hostPath?.path]),
      [
        ['providervol', '/var/run/secrets-store-csi-providers'],
        ['mountpoint-dir', '/var/lib/kubelet/pods'],
      ],
    );
    assert.equal(spec['hostNetwork'], false);
    assert.deepEqual(spec['nodeSelector'], { 'kubernetes.io/os': 'linux' });
  });

  it('stand on every object as labels, and users’ labels never replace them', async () => {
    assert.ok(chart);
    const sets = ['commonLabels.team=a', 'commonLabels.app=b', 'podLabels.app=c', 'networkPolicy.enabled=true'];
    const objects = await render(chart, [...withoutDriver, ...sets.flatMap((set) => ['--set', set])], 'csi');
    const labels = {
      app: chartName,
      team: 'a',
      'app.kubernetes.io/name': chartName,
      'app.kubernetes.io/instance': 'csi',
      'app.kubernetes.io/managed-by': 'Helm',
      'app.kubernetes.io/version': programVersion,
      'helm.sh/chart': `${chartName}-${programVersion}`,
    };
    assert.equal(objects.length, 5);
    for (const { kind, metadata } of objects) assert.deepEqual(metadata.labels, labels, kind);
    assert.deepEqual(daemonSet(objects).spec.template.metadata.labels, labels);
  });
});

describe('plain manifests', () => {
  const name = 'csi-secrets-store-provider-aws';
  const files = { 'aws-provider-installer': 'localhost/', 'private-installer': '${PRIVREPO}:latest' };

  for (const [file, image] of Object.entries(files)) {
    it(`deployment/${file}.yaml has the names, labels and selectors of AWS’s`, () => {
      const objects = parse(readFileSync(path.join(here, `../../deployment/${file}.yaml`), 'utf8'));
      assert.deepEqual(ids(objects), [
        `v1 ServiceAccount kube-system/${name}`,
        `rbac.authorization.k8s.io/v1 ClusterRole /${name}-cluster-role`,
        `rbac.authorization.k8s.io/v1 ClusterRoleBinding /${name}-cluster-rolebinding`,
        `apps/v1 DaemonSet kube-system/${name}`,
      ]);
      const { spec, metadata } = daemonSet(objects);
      assert.deepEqual(spec.selector, { matchLabels: { app: name } });
      assert.deepEqual([metadata.labels, spec.template.metadata.labels], [{ app: name }, { app: name }]);
      assert.deepEqual(spec.template.spec['tolerations'], [{ operator: 'Exists' }]);
      assert.ok(spec.template.spec.containers[0].image.startsWith(image));
    });
  }
});
