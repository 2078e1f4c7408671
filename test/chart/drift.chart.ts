/** What is generated from the chart is what the chart says now. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { chartOrSkip, here } from './chart-support.js';

const root = path.join(here, '../..');

describe('files generated from the chart', () => {
  for (const script of ['deployment', 'readme']) {
    it(`are those that scripts/chart/${script}.ts would write`, async function () {
      (await chartOrSkip(this)).dispose();
      const args = ['--import=tsx', `scripts/chart/${script}.ts`, '--check'];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    });
  }
});
