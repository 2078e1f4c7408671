/** Whether the programs of the image can be built from what `.dockerignore` lets through, which needs no image builder. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');

/** The rules are paths, `*` or `!path`; of those that cover a file the last one counts. */
const rules = readFileSync(path.join(root, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Whether a file, or anything below a folder, is let through. */
function letThrough(file: string): boolean {
  const below = (folder: string, name: string) => name === folder || name.startsWith(`${folder}/`);
  const last = rules.findLast((rule) => rule === '*' || below(rule.replace(/^!/, ''), file));
  const leadsToAnother = rules.some((rule) => rule.startsWith('!') && below(file, rule.slice(1)));
  return last?.startsWith('!') === true || leadsToAnother;
}

describe('the build context of the image', () => {
  let context = '';
  before(() => {
    context = mkdtempSync(path.join(tmpdir(), 'context-'));
    const wanted = (source: string) => source === root || letThrough(path.relative(root, source));
    cpSync(root, context, { recursive: true, filter: wanted });
    symlinkSync(path.join(root, 'node_modules'), path.join(context, 'node_modules'));
  });
  after(() => {
    rmSync(context, { recursive: true, force: true });
  });

  it('has all that the programs are built from', async function () {
    this.timeout(60_000);
    await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: context });
    for (const name of ['main.js', 'parts', 'extract-worker.js']) {
      assert.ok(existsSync(path.join(context, 'dist', name)), name);
    }
  });

  it('has nothing of the program for people', () => {
    for (const name of ['src/cli', 'src/local', 'test', '.git', 'dist/cli.js']) {
      assert.equal(existsSync(path.join(context, name)), false, name);
    }
  });
});
