/** Every test of this folder, and what is generated, works on a copy of the chart: the chart itself is never touched. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chartFolder, copyChart } from '../../scripts/chart/helm.js';
import { chartOrSkip, stubDriver, template } from './chart-support.js';

/** Contents by path. */
function contents(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(folder, name)).isFile(),
  );
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

describe('a copy of the chart', () => {
  let temporary: string;
  const saved = process.env['TMPDIR'];

  before(async function () {
    (await chartOrSkip(this)).dispose();
  });
  beforeEach(() => {
    temporary = mkdtempSync(path.join(tmpdir(), 'copy-test-'));
    process.env['TMPDIR'] = temporary;
  });
  afterEach(() => {
    if (saved === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = saved;
    rmSync(temporary, { recursive: true, force: true });
  });

  it('takes the sub-chart in, and leaves the chart and the sub-chart as they are', async () => {
    const before = [chartFolder, stubDriver].map(contents);
    const chart = await copyChart(stubDriver);
    assert.equal((await template(chart, [])).code, 0);
    assert.ok(chart.folder.startsWith(`${temporary}/`));
    assert.deepEqual(readdirSync(path.join(chart.folder, 'charts')), ['secrets-store-csi-driver-1.6.0.tgz']);
    assert.deepEqual([chartFolder, stubDriver].map(contents), before);
    chart.dispose();
    assert.deepEqual(readdirSync(temporary), []);
  });

  it('is taken away when its sub-chart cannot be brought', async () => {
    await assert.rejects(copyChart(path.join(temporary, 'absent')), /helm dependency update: /);
    assert.deepEqual(readdirSync(temporary), []);
  });
});
