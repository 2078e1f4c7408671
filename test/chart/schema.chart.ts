/** What values.schema.json refuses, by the words that helm shows, and what it lets through. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { ChartCopy } from '../../scripts/chart/helm.js';
import { chartOrSkip, template } from './chart-support.js';

type Values = Readonly<Record<string, unknown>>;

const digest = `sha256:${'0'.repeat(64)}`;

/** Values of a user who mistyped, each with what helm says about them. */
const refused: readonly (readonly [Values, string])[] = [
  [{ awsRegoin: 'eu-west-1' }, "at '': additional properties 'awsRegoin' not allowed"],
  [{ driverWritesSecret: true }, "additional properties 'driverWritesSecret' not allowed"],
  [{ Tolerations: [] }, "additional properties 'Tolerations' not allowed"],
  [{ xteam: 1 }, "additional properties 'xteam' not allowed"],
  [{ image: { registry: 'x' } }, "at '/image': additional properties 'registry' not allowed"],
  [{ image: 'x:1' }, "at '/image': got string, want null or object"],
  [{ image: { repository: 5 } }, "at '/image/repository': got number, want null or string"],
  [{ image: { tag: true } }, "at '/image/tag': got boolean, want"],
  [{ image: { tag: ['1'] } }, "at '/image/tag': got array, want"],
  [{ image: { digest: 'sha256:abc' } }, "at '/image/digest': 'sha256:abc' does not match pattern"],
  [{ image: { pullPolicy: 'always' } }, "at '/image/pullPolicy': value must be one of"],
  [{ imagePullSecrets: ['registry'] }, "at '/imagePullSecrets/0': got string, want object"],
  [{ imagePullSecrets: [{ nmae: 'x' }] }, "at '/imagePullSecrets/0': missing property 'name'"],
  [{ awsRegion: ['eu-west-1'] }, "at '/awsRegion': got array, want null or string"],
  [{ useFipsEndpoint: 1 }, "at '/useFipsEndpoint': value must be one of"],
  [{ useFipsEndpoint: 'yes' }, "at '/useFipsEndpoint': value must be one of"],
  [{ stsFips: 'no' }, "at '/stsFips': value must be one of"],
  [{ driverWritesSecrets: 'on' }, "at '/driverWritesSecrets': value must be one of"],
  [{ pruneRemovedFiles: 0 }, "at '/pruneRemovedFiles': value must be one of"],
  [{ tolerateFailoverDenied: {} }, "at '/tolerateFailoverDenied': value must be one of"],
  [{ failoverTimeout: '5' }, "at '/failoverTimeout': '5' does not match pattern"],
  [{ failoverTimeout: 5 }, "at '/failoverTimeout': got number, want null or string"],
  [{ failoverTimeout: '-1s' }, "at '/failoverTimeout': '-1s' does not match pattern"],
  [{ secretCacheTTL: 60 }, "at '/secretCacheTTL': maximum: got 60, want 0"],
  [{ secretCacheTTL: '60' }, "at '/secretCacheTTL': '60' does not match pattern"],
  [{ secretCacheTTL: '-1s' }, "at '/secretCacheTTL': '-1s' does not match pattern"],
  [{ secretCacheTTL: '1h30m' }, "at '/secretCacheTTL': '1h30m' does not match pattern"],
  [{ serveStaleFor: '48h' }, "at '/serveStaleFor': '48h' does not match pattern"],
  [{ failoverTimeout: '0s' }, "at '/failoverTimeout': '0s' does not match pattern"],
  [{ secretCacheTTL: false }, "at '/secretCacheTTL': got boolean, want"],
  [{ secretCacheTtl: '60s' }, "additional properties 'secretCacheTtl' not allowed"],
  [{ revalidate: 'never' }, "at '/revalidate': value must be one of 'describe', 'fetch'"],
  [{ revalidate: true }, "at '/revalidate': value must be one of"],
  [{ serveStaleFor: '1 h' }, "at '/serveStaleFor': '1 h' does not match pattern"],
  [{ serveStaleFor: -1 }, "at '/serveStaleFor': minimum: got -1, want 0"],
  [{ maxConcurrentMounts: 0 }, "at '/maxConcurrentMounts': minimum: got 0, want 1"],
  [{ maxConcurrentMounts: '0' }, "at '/maxConcurrentMounts': '0' does not match pattern"],
  [{ maxConcurrentMounts: 2.5 }, "at '/maxConcurrentMounts': got number, want"],
  [{ podIdentityHttpTimeout: '2 s' }, "at '/podIdentityHttpTimeout': '2 s' does not match pattern"],
  [{ k8sThrottlingParams: { qps: 'many' } }, "at '/k8sThrottlingParams/qps': 'many' does not match pattern"],
  [{ k8sThrottlingParams: { qps: 2.5 } }, "at '/k8sThrottlingParams/qps': got number, want null or integer or string"],
  [{ k8sThrottlingParams: { burst: true } }, "at '/k8sThrottlingParams/burst': got boolean, want"],
  [{ k8sThrottlingParams: { qsp: 5 } }, "at '/k8sThrottlingParams': additional properties 'qsp' not allowed"],
  [{ proxy: { https: 'x' } }, "at '/proxy': additional properties 'https' not allowed"],
  [{ proxy: { noProxy: ['x'] } }, "at '/proxy/noProxy': got array, want null or string"],
  [{ logLevel: 'warning' }, "at '/logLevel': value must be one of 'debug', 'info', 'warn', 'error'"],
  [{ logFormat: 'klog' }, "at '/logFormat': value must be one of 'json', 'text'"],
  [{ extraEnv: { A: 'b' } }, "at '/extraEnv': got object, want null or array"],
  [{ extraEnv: [{ value: 'b' }] }, "at '/extraEnv/0': missing property 'name'"],
  [{ extraArgs: '--x' }, "at '/extraArgs': got string, want null or array"],
  [{ extraArgs: [5] }, "at '/extraArgs/0': got number, want string"],
  [{ extraVolumes: [{}] }, "at '/extraVolumes/0': missing property 'name'"],
  [{ extraVolumeMounts: 'x' }, "at '/extraVolumeMounts': got string, want null or array"],
  [{ providerVolume: 'var/run' }, "at '/providerVolume': 'var/run' does not match pattern"],
  [{ kubeletPath: 'C:/kubelet' }, "at '/kubeletPath': 'C:/kubelet' does not match pattern"],
  [{ port: 0 }, "at '/port': minimum: got 0, want 1"],
  [{ port: 65536 }, "at '/port': maximum: got 65,536, want 65,535"],
  [{ port: '65536' }, "at '/port': '65536' does not match pattern"],
  [{ port: 'http' }, "at '/port': 'http' does not match pattern"],
  [{ commonLabels: { a: 1 } }, "at '/commonLabels/a': got number, want null or string"],
  [{ podLabels: ['a'] }, "at '/podLabels': got array, want null or object"],
  [{ podAnnotations: { a: true } }, "at '/podAnnotations/a': got boolean, want null or string"],
  [{ rbac: true }, "at '/rbac': got boolean, want null or object"],
  [{ rbac: { create: true } }, "at '/rbac': additional properties 'create' not allowed"],
  [{ serviceAccount: { create: true } }, "at '/serviceAccount': additional properties 'create' not allowed"],
  [{ affinity: { nodeSelectorTerms: [] } }, "at '/affinity': additional properties 'nodeSelectorTerms' not allowed"],
  [{ nodeSelector: { pool: 1 } }, "at '/nodeSelector/pool': got number, want null or string"],
  [{ tolerations: { operator: 'Exists' } }, "at '/tolerations': got object, want null or array"],
  [{ priorityClassName: false }, "at '/priorityClassName': got boolean, want null or string"],
  [{ resources: { limit: {} } }, "at '/resources': additional properties 'limit' not allowed"],
  [{ updateStrategy: 'OnDelete' }, "at '/updateStrategy': got string, want null or object"],
  [{ updateStrategy: { type: 'Recreate' } }, "at '/updateStrategy/type': value must be one of"],
  [{ terminationGracePeriodSeconds: '30s' }, "at '/terminationGracePeriodSeconds': got string, want null or integer"],
  [{ securityContext: 'privileged' }, "at '/securityContext': got string, want null or object"],
  [{ dnsPolicy: 'default' }, "at '/dnsPolicy': value must be one of"],
  [{ livenessProbe: { enabled: false } }, "at '/livenessProbe': additional properties 'enabled' not allowed"],
  [{ startupProbe: { periodSeconds: 0 } }, "at '/startupProbe/periodSeconds': minimum: got 0, want 1"],
  [{ networkPolicy: true }, "at '/networkPolicy': got boolean, want null or object"],
  [{ networkPolicy: { ingress: [] } }, "at '/networkPolicy': additional properties 'ingress' not allowed"],
  // Helm itself ignores a condition that is no boolean, and installs a second driver.
  [{ 'secrets-store-csi-driver': { install: 'false' } }, "at '/secrets-store-csi-driver/install': got string, want"],
];

/** Values that AWS's chart takes, and what else must pass. */
const accepted: readonly Values[] = [
  { k8sThrottlingParams: { qps: '20', burst: '40' } },
  { k8sThrottlingParams: { qps: 20, burst: 40 }, port: '8989' },
  { k8sThrottlingParams: { qps: -1, burst: '' }, port: 65535 },
  { image: { tag: 3 } },
  { image: { tag: 1.5, digest } },
  { image: { tag: '1.0.r2-94-g1edd2a8-2025.05.21.19.35' } },
  { useFipsEndpoint: 'true', driverWritesSecrets: 'false', rbac: { install: 'true' } },
  { secretCacheTTL: 0, serveStaleFor: '1h30m', revalidate: 'fetch', maxConcurrentMounts: 1 },
  { secretCacheTTL: '0', serveStaleFor: 0, revalidate: '', maxConcurrentMounts: '16' },
  { secretCacheTTL: '1h', serveStaleFor: '24h' },
  { secretCacheTTL: '', serveStaleFor: '' },
  { resources: { requests: null, limits: { cpu: null, memory: '1Gi' } } },
  { podIdentityHttpTimeout: '250ms', failoverTimeout: '1h1m.5s' },
  { updateStrategy: { type: 'OnDelete' }, resources: {}, tolerations: [], affinity: {}, priorityClassName: '' },
  { global: { imageRegistry: 'x' }, tags: { any: false }, enabled: true, 'x-anchors': { a: [1] }, 'x-': null },
  {
    'secrets-store-csi-driver': {
      install: true,
      syncSecret: { enabled: true },
      linux: { crds: { enabled: false }, tolerations: [] },
      anything: { of: ['a', 'later', 'version'] },
    },
  },
];

describe('schema of the values', () => {
  let chart: ChartCopy | undefined;

  before(async function () {
    chart = await chartOrSkip(this);
  });
  after(() => chart?.dispose());

  async function tryValues(values: Values): Promise<string> {
    assert.ok(chart);
    const file = path.join(chart.folder, `../${String(process.hrtime.bigint())}.json`);
    writeFileSync(file, JSON.stringify(values));
    const { code, stderr } = await template(chart, ['--values', file]);
    return code === 0 ? '' : stderr;
  }

  for (const [values, message] of refused) {
    it(`refuses ${JSON.stringify(values)}`, async () => {
      const said = await tryValues(values);
      assert.ok(said.includes(message), said === '' ? 'it was accepted' : said);
      assert.ok(said.includes("values don't meet the specifications of the schema(s)"), said);
    });
  }

  for (const values of accepted) {
    it(`accepts ${JSON.stringify(values)}`, async () => {
      assert.equal(await tryValues(values), '');
    });
  }

  it('accepts null for every key, at every depth', async () => {
    assert.ok(chart);
    const defaults = parse(readFileSync(path.join(chart.folder, 'values.yaml'), 'utf8')) as Values;
    const { 'secrets-store-csi-driver': _driver, ...own } = defaults;
    assert.equal(await tryValues(Object.fromEntries(Object.keys(own).map((key) => [key, null]))), '');
    assert.equal(await tryValues(emptied(own) as Values), '');
  });

  it('knows every key of values.yaml, and values.yaml every key that it knows', () => {
    assert.ok(chart);
    const schema = JSON.parse(readFileSync(path.join(chart.folder, 'values.schema.json'), 'utf8')) as {
      readonly properties: Values;
    };
    const defaults = parse(readFileSync(path.join(chart.folder, 'values.yaml'), 'utf8')) as Values;
    const ofHelm = ['global', 'tags', 'enabled'];
    const known = Object.keys(schema.properties).filter((key) => !ofHelm.includes(key));
    assert.deepEqual(known.sort(), Object.keys(defaults).sort());
  });
});

/** The same maps with null in the place of everything that is no map. */
function emptied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, emptied(inner)]));
}
