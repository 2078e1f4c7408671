/** What single values do: defaults, the rule against Fargate, rights, hardening, and arguments that the program takes. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse as load } from 'yaml';
import type { ChartCopy } from '../../scripts/chart/helm.js';
import { answerGraceMs, drainMs } from '../../src/budgets.js';
import { optionFlags, parseOptions, programVersion } from '../../src/options/options.js';
import {
  chartOrSkip,
  container,
  here,
  parse,
  podSpec,
  render,
  template,
  withoutDriver,
  type Rendered,
} from './chart-support.js';

const set = (...values: readonly string[]): readonly string[] => [
  ...withoutDriver,
  ...values.flatMap((value) => ['--set-json', value]),
];

describe('values of the chart', () => {
  let chart: ChartCopy;

  before(async function () {
    chart = await chartOrSkip(this);
  });
  // Without helm there is no chart.
  after(() => (chart as ChartCopy | undefined)?.dispose());

  const ruleBy = async (...values: readonly string[]): Promise<unknown> => {
    const rules = (await render(chart, set(...values))).find(({ kind }) => kind === 'ClusterRole')?.['rules'];
    return (rules as readonly { resources: unknown }[]).map((rule) => ({ ...rule, apiGroups: undefined }));
  };
  const get = (resource: string): unknown => ({ apiGroups: undefined, resources: [resource], verbs: ['get'] });

  it('has for null, at every key, what values.yaml says', async () => {
    const folder = path.join(chart.folder, `../nothing/${path.basename(chart.folder)}`);
    cpSync(chart.folder, folder, { recursive: true });
    writeFileSync(path.join(folder, 'values.yaml'), '{}');
    assert.deepEqual(await render({ ...chart, folder }, withoutDriver), await render(chart, withoutDriver));
  });

  it('has the defaults that the program has, but for failover that is denied, as AWS’s provider treats it', async () => {
    const { args } = container(await render(chart, withoutDriver));
    const given = args.map((arg) => arg.replace(/^--/, '').split('=') as [string, string]);
    const presets = new Map(optionFlags.map(({ name, default: preset }) => [name, preset]));
    const differing = given.filter(([name, value]) => presets.get(name) !== value);
    assert.deepEqual(differing, [
      ['http-port', '8989'],
      ['tolerate-failover-denied', 'true'],
    ]);
  });

  it('keeps no value for a time of 0, as a number or as text, and takes null and nothing for the default', async () => {
    const time = async (...values: readonly string[]): Promise<readonly string[]> =>
      container(await render(chart, set(...values))).args.filter((arg) =>
        /^--(secret-cache-ttl|serve-stale)/.test(arg),
      );
    const [kept, none] = ['--secret-cache-ttl=60s', '--secret-cache-ttl=0'];
    assert.deepEqual(await time(), [kept, '--serve-stale-for=0s']);
    assert.deepEqual(await time('secretCacheTTL=null', 'serveStaleFor=""'), [kept, '--serve-stale-for=0s']);
    assert.deepEqual(await time('secretCacheTTL=0', 'serveStaleFor=0'), [none, '--serve-stale-for=0']);
    assert.deepEqual(await time('secretCacheTTL="0"', 'serveStaleFor="1h"'), [none, '--serve-stale-for=1h']);
    const file = path.join(chart.folder, '../zero.yaml');
    writeFileSync(file, 'secretCacheTTL: 0\n');
    const { args } = container(await render(chart, [...withoutDriver, '--values', file]));
    assert.ok(args.includes(none));
    const parsed = parseOptions(args, {});
    assert.ok(parsed.kind === 'run' && parsed.options.secretCacheTtlMs === 0);
  });

  it('leaves out of the resources what a values file says is null', async () => {
    const resources = async (text: string): Promise<unknown> => {
      const file = path.join(chart.folder, '../resources.yaml');
      writeFileSync(file, text);
      return container(await render(chart, [...withoutDriver, '--values', file]))['resources'];
    };
    const requests = { cpu: '50m', memory: '100Mi' };
    assert.deepEqual(await resources('resources: { limits: { cpu: null } }'), {
      requests,
      limits: { memory: '256Mi' },
    });
    assert.deepEqual(await resources('resources: { limits: null, claims: null }'), { requests });
    assert.equal(await resources('resources: { limits: null, requests: null }'), undefined);
  });

  for (const file of readdirSync(path.join(here, 'golden'))) {
    it(`gives the program arguments that it takes, in golden/${file}`, () => {
      const { args } = container(parse(readFileSync(path.join(here, 'golden', file), 'utf8')));
      assert.ok(args.length > 5);
      assert.equal(parseOptions(args, {}).kind, 'run');
    });
  }

  it('has the version of the program', () => {
    const { version, appVersion } = load(readFileSync(path.join(chart.folder, 'Chart.yaml'), 'utf8')) as {
      version: string;
      appVersion: string;
    };
    assert.deepEqual([version, appVersion], [programVersion, programVersion]);
  });

  it('lets a pod drain its mounts before it is killed', async () => {
    const seconds = podSpec(await render(chart, withoutDriver)).terminationGracePeriodSeconds;
    assert.ok(seconds * 1000 >= drainMs + answerGraceMs + 5_000);
  });

  it('refuses images of AWS’s own provider, and says what to set', async () => {
    const repository = 'public.ecr.aws/aws-secrets-manager/secrets-store-csi-driver-provider-aws';
    const { code, stderr } = await template(chart, set(`image.repository="${repository}"`));
    assert.notEqual(code, 0);
    assert.match(stderr, /AWS's own provider.*set image\.repository.*image\.tag to its version/);
  });

  it('gives get on serviceaccounts, and on nodes where no region is given, and nothing else', async () => {
    assert.deepEqual(await ruleBy(), [get('serviceaccounts'), get('nodes')]);
    assert.deepEqual(await ruleBy('awsRegion="eu-west-1"'), [get('serviceaccounts')]);
  });

  it('mounts kubelet’s directories only where the provider writes', async () => {
    const names = async (...values: readonly string[]): Promise<readonly (readonly string[])[]> => {
      const { volumes, containers } = podSpec(await render(chart, set(...values)));
      const mounts = containers[0]['volumeMounts'] as readonly { name: string }[];
      return [volumes.map(({ name }) => name), mounts.map(({ name }) => name)];
    };
    const both = ['providervol', 'mountpoint-dir'];
    assert.deepEqual(await names(), [both, both]);
    assert.deepEqual(await names('driverWritesSecrets="false"'), [both, both]);
    assert.deepEqual(await names('driverWritesSecrets=true'), [['providervol'], ['providervol']]);
    assert.deepEqual(await names('driverWritesSecrets="true"'), [['providervol'], ['providervol']]);
  });

  it('stays hardened where a security context is silent, also where it says null', async () => {
    const context = async (value: string): Promise<unknown> =>
      container(await render(chart, set(`securityContext=${value}`)))['securityContext'];
    const hardened = {
      runAsUser: 0,
      runAsGroup: 0,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    };
    assert.deepEqual(await context('{}'), hardened);
    assert.deepEqual(await context('{"privileged":false,"allowPrivilegeEscalation":false}'), hardened);
    assert.deepEqual(await context('{"readOnlyRootFilesystem":null,"capabilities":{"drop":null}}'), hardened);
    assert.deepEqual(await context('{"readOnlyRootFilesystem":false,"capabilities":{"drop":[],"add":["KILL"]}}'), {
      ...hardened,
      readOnlyRootFilesystem: false,
      capabilities: { drop: [], add: ['KILL'] },
    });
  });

  it('takes system-node-critical in kube-system only, and heeds an empty class', async () => {
    const classOf = async (namespace: string, ...values: readonly string[]): Promise<unknown> =>
      podSpec(await render(chart, [...set(...values), '--namespace', namespace]))['priorityClassName'];
    assert.equal(await classOf('kube-system'), 'system-node-critical');
    assert.equal(await classOf('kube-system', 'priorityClassName=null'), 'system-node-critical');
    assert.equal(await classOf('kube-system', 'priorityClassName=""'), undefined);
    assert.equal(await classOf('secrets'), undefined);
    assert.equal(await classOf('secrets', 'priorityClassName="high"'), 'high');
  });

  it('keeps pods off Fargate nodes by every term of a node affinity, and without any', async () => {
    const fargate = { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate'] };
    const arch = { key: 'kubernetes.io/arch', operator: 'Exists' };
    const terms = async (given: unknown): Promise<unknown> => {
      const json = JSON.stringify({ nodeAffinity: given });
      const { affinity } = podSpec(await render(chart, set(`affinity=${json}`))) as unknown as {
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: unknown } } };
      };
      return affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    };
    const required = (...nodeSelectorTerms: readonly unknown[]): unknown => ({
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    });
    const only = [{ matchExpressions: [fargate] }];
    assert.deepEqual(await terms(null), only);
    assert.deepEqual(await terms({ preferredDuringSchedulingIgnoredDuringExecution: [] }), only);
    assert.deepEqual(await terms(required({ matchExpressions: [fargate] })), only);
    assert.deepEqual(await terms(required({ matchExpressions: [arch] }, { matchFields: [arch] }, {})), [
      { matchExpressions: [arch, fargate] },
      { matchFields: [arch], matchExpressions: [fargate] },
      {},
    ]);
  });

  it('tolerates every taint, until it is told which', async () => {
    const tolerations = async (...values: readonly string[]): Promise<unknown> =>
      podSpec(await render(chart, set(...values)))['tolerations'];
    assert.deepEqual(await tolerations(), [{ operator: 'Exists' }]);
    assert.deepEqual(await tolerations('tolerations=null'), [{ operator: 'Exists' }]);
    assert.equal(await tolerations('tolerations=[]'), undefined);
  });

  it('limits incoming traffic to the port, and outgoing only by rules that are given', async () => {
    const policy = async (...values: readonly string[]): Promise<Rendered | undefined> =>
      (await render(chart, set(...values))).find(({ kind }) => kind === 'NetworkPolicy');
    assert.equal(await policy(), undefined);
    const on = (await policy('networkPolicy.enabled=true', 'port=18080'))?.['spec'] as Record<string, unknown>;
    assert.deepEqual(on['policyTypes'], ['Ingress']);
    assert.deepEqual(on['ingress'], [{ ports: [{ protocol: 'TCP', port: 18080 }] }]);
    const none = (await policy('networkPolicy={"enabled":true,"egress":[]}'))?.['spec'] as Record<string, unknown>;
    assert.deepEqual([none['policyTypes'], none['egress']], [['Ingress', 'Egress'], []]);
  });
});
