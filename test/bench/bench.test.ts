/** The benchmark as it is called, on the built provider and few mounts. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Side } from '../../bench/side.js';

const root = path.resolve(import.meta.dirname, '../..');

interface Written {
  readonly labels: readonly string[];
  readonly results: readonly { readonly name: string; readonly sides: Readonly<Record<string, readonly number[]>> }[];
}

describe('npm run bench', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'bench-test-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('gives latencies that AWS alone explains, as a table, JSON and a plot, and leaves nothing behind', async () => {
    const scratch = path.join(folder, 'scratch');
    mkdirSync(scratch);
    const files = Object.fromEntries(['json', 'svg', 'markdown'].map((kind) => [kind, path.join(folder, kind)]));
    const outputs = Object.entries(files).flatMap(([kind, file]) => [`--${kind}`, file]);
    const script = path.join(root, 'bench/bench.ts');
    const argv = ['--import=tsx', script, '--quick', '--only', 'latency', '--mounts', '5', ...outputs];
    const { stdout } = await promisify(execFile)(process.execPath, argv, {
      cwd: root,
      env: { ...process.env, TMPDIR: scratch },
    });
    assert.match(stdout, /first mount of 10, AWS 20 ms, p50 +[\d.]+ ms +≤ 50: (yes|no)\n/);

    const { labels, results } = JSON.parse(readFileSync(files['json'] ?? '', 'utf8')) as Written;
    assert.deepEqual(labels, ['this provider']);
    const ms = (name: string) => results.find((result) => result.name === name)?.sides['this provider']?.[0] ?? NaN;
    // Two round trips that depend on each other, and none of them faster than the stand-in answers.
    assert.ok(ms('first mount of 10, AWS 20 ms, p50') >= 40);
    assert.ok(ms('first mount of 10, AWS 20 ms, p99') >= ms('first mount of 10, AWS 20 ms, p50'));
    assert.match(readFileSync(files['svg'] ?? '', 'utf8'), /^<svg [^]*first mount of 10[^]*<\/svg>\n$/);
    assert.match(readFileSync(files['markdown'] ?? '', 'utf8'), /^\| first mount of 1, AWS 20 ms, p50 +\|/m);
    // tsx has a folder of its own there.
    assert.deepEqual(
      readdirSync(scratch).filter((name) => !name.startsWith('tsx-')),
      [],
    );
  });

  it('shows the complaint of a provider that does not start', async () => {
    const command = [process.execPath, path.join(root, 'dist/main.js'), '--no-such-flag'];
    await assert.rejects(Side.open({ label: 'broken', command, plain: false }), /did not start[^]*no-such-flag/);
  });

  it('tells of a program that is not there', async () => {
    const command = [path.join(folder, 'no-program')];
    await assert.rejects(
      Side.open({ label: 'missing', command, plain: false }),
      /did not start: .*no-program[^]*ENOENT/,
    );
  });
});
