import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Place, requireBuild, root, until } from './try-run.js';

describe('the command as a process', () => {
  const place = new Place();
  before(() => {
    requireBuild('cli.js');
  });
  after(() => {
    place.leave();
  });
  afterEach(() => {
    assert.deepEqual(place.leftovers(), [], 'something was left among the temporary files');
  });

  function start(...argv: readonly string[]) {
    const child = spawn(process.execPath, [path.join(root, 'dist/cli.js'), ...argv], {
      cwd: place.work,
      env: { PATH: process.env['PATH'], TMPDIR: place.temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, code, output: () => output, errors: () => errors };
  }

  it('shows the usage: of all commands without one, of try with --help and for an unknown option', async () => {
    const [none, help, unknown, general] = [start(), start('try', '--help'), start('try', '--nope'), start('--help')];
    assert.deepEqual(await Promise.all([none.code, help.code, unknown.code, general.code]), [2, 0, 2, 0]);
    assert.match(none.errors(), /^Usage: node dist\/cli\.js <command>\n/);
    assert.match(general.output(), /^Usage: node dist\/cli\.js <command>\n/);
    assert.match(help.output(), /^Usage: npm run try -- \[options\]/);
    assert.match(unknown.errors(), /^Unknown option '--nope'\n\nUsage: npm run try/);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends its provider and removes its files on ${signal}`, async () => {
      const run = start('try', '--watch', '--driver-writes');
      await until('the watch', () => run.output().includes('Watching '));
      run.child.kill(signal);
      assert.equal(await run.code, 0, run.errors());
      assert.equal(run.errors(), '');
    });
  }

  it('ends when nobody reads on', async () => {
    const run = start('try', '--watch');
    await until('the first line', () => run.output() !== '');
    run.child.stdout.destroy();
    assert.equal(await run.code, 130);
    assert.equal(run.errors(), '');
  });

  it('runs the stand-in alone until a signal', async () => {
    const run = start('stand-in', '--store', path.join(root, 'examples/store.yaml'));
    await until('the line', () => run.output().endsWith('\n'));
    const line = JSON.parse(run.output()) as { files: { directory: string }; environment: Record<string, string> };
    assert.match(line.environment['AWS_ENDPOINT_URL'] ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.ok(existsSync(line.files.directory));
    run.child.kill('SIGTERM');
    assert.equal(await run.code, 0);
    assert.ok(!existsSync(line.files.directory));
  });

  it('ends the stand-in with 2 for a bad argument and with 1 for a bad store', async () => {
    const [argument, store] = [start('stand-in', '--nope'), start('stand-in', '--store', 'none.yaml')];
    assert.deepEqual(await Promise.all([argument.code, store.code]), [2, 1]);
    assert.match(argument.errors(), /Unknown option '--nope'/);
    assert.match(store.errors(), /^store "none\.yaml": ENOENT/);
  });
});
