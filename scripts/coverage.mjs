// How much of src/ the tests run: on compiled programs, for what tsx makes of a module has branches and functions that
// nobody wrote. Arguments are test files in the place of all: npm run coverage -- test/mount/plan.test.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const coverage = path.join(root, 'coverage');
// A copy of the checkout, in which each source has its program beside it: tests find all that they look for.
const tree = path.join(coverage, 'tree');
const bin = (name) => path.join(root, 'node_modules/.bin', name);
const tests = process.argv.slice(2);

rmSync(coverage, { recursive: true, force: true });
mkdirSync(tree, { recursive: true });
const apart = new Set(['.git', 'coverage', 'node_modules', 'dist', 'release']);
for (const name of readdirSync(root)) {
  if (!apart.has(name)) cpSync(path.join(root, name), path.join(tree, name), { recursive: true });
}
for (const name of ['node_modules', 'dist']) symlinkSync(path.join(root, name), path.join(tree, name));
execFileSync(bin('tsc'), ['-p', tree, '--noEmit', 'false', '--sourceMap'], { stdio: 'inherit' });

// Some tests run children as another user, who writes what they ran there as well.
const raw = path.join(coverage, 'raw');
mkdirSync(raw);
chmodSync(raw, 0o1777);
// Files of nothing but types have no program.
const apartFromTypes = ['--exclude=src/generated/**', '--exclude=src/**/types.ts', '--exclude=src/mount/ports.ts'];
const report = ['--exclude-after-remap', '--all', '--src=src', '--include=src/**/*.ts', ...apartFromTypes];
const reporters = [
  '--reporter=text',
  '--reporter=html',
  '--reports-dir',
  coverage,
  '--temp-directory',
  raw,
  '--no-clean',
];
const files = (tests.length > 0 ? tests : ['test/**/*.test.ts']).map((file) => file.replace(/\.ts$/, '.js'));
const mocha = [bin('mocha'), '--no-config', '--timeout=20000', ...files];
const { status } = spawnSync(bin('c8'), [...report, ...reporters, ...mocha], { cwd: tree, stdio: 'inherit' });
process.exit(status ?? 1);
