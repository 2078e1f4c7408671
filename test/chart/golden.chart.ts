/** What the chart renders for the values files in values/, compared with the files in golden/ (`npm run generate:golden` writes them). */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ChartCopy } from '../../scripts/chart/helm.js';
import { chartOrSkip, here, template, valuesFile } from './chart-support.js';

interface Case {
  readonly args?: readonly string[];
  /** Values in the place of our values.yaml. */
  readonly defaults?: string;
}

const cases: Readonly<Record<string, Case>> = {
  default: {},
  'aws-guide': {},
  'reuse-values': { defaults: 'aws-chart-defaults' },
  'fips-region': {},
  proxy: {},
  'driver-writes': {},
  affinity: {},
  'private-registry': {},
  driver: {},
  'without-rbac': { args: ['--namespace', 'secrets'] },
  'network-policy': { args: ['--namespace', 'secrets', '--kube-version', '1.17'] },
  everything: {},
};

const golden = (name: string): string => path.join(here, 'golden', `${name}.yaml`);

describe('golden renders', () => {
  let chart: ChartCopy | undefined;

  before(async function () {
    chart = await chartOrSkip(this);
  });
  after(() => chart?.dispose());

  for (const [name, { args = [], defaults }] of Object.entries(cases)) {
    it(`renders values/${name}.yaml as golden/${name}.yaml`, async () => {
      assert.ok(chart);
      const copy = defaults === undefined ? chart : withDefaults(chart, defaults);
      const { code, stdout, stderr } = await template(copy, ['--values', valuesFile(name), ...args]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      if (process.env['GOLDEN'] === 'write') writeFileSync(golden(name), stdout);
      assert.equal(stdout, readFileSync(golden(name), 'utf8'));
    });
  }

  for (const name of Object.keys(cases).filter((one) => cases[one]?.defaults === undefined)) {
    it(`passes \`helm lint --strict\` with values/${name}.yaml`, async () => {
      assert.ok(chart);
      const { code, stdout } = await chart.helm(['lint', '--strict', chart.folder, '--values', valuesFile(name)]);
      assert.equal(code, 0, stdout);
      assert.doesNotMatch(stdout, /\[(WARNING|ERROR)\]/);
    });
  }

  it('has a case for every file', () => {
    const names = Object.keys(cases).map((name) => `${name}.yaml`);
    const defaults = Object.values(cases).flatMap((one) =>
      one.defaults === undefined ? [] : [`${one.defaults}.yaml`],
    );
    assert.deepEqual(readdirSync(path.join(here, 'golden')).sort(), names.toSorted());
    assert.deepEqual(readdirSync(path.join(here, 'values')).sort(), [...names, ...defaults].sort());
  });
});

/** The same chart with other defaults, which is what `helm upgrade --reuse-values` makes of it. */
function withDefaults(chart: ChartCopy, name: string): ChartCopy {
  const folder = path.join(chart.folder, `../reused/${path.basename(chart.folder)}`);
  cpSync(chart.folder, folder, { recursive: true });
  cpSync(valuesFile(name), path.join(folder, 'values.yaml'));
  return { ...chart, folder };
}
