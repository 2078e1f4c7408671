/** The flags of Node, and that every place that starts the provider has them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { imageEnvironment } from '../../bench/side.js';
import { missingNodeFlags, nodeFlags } from '../../src/process/node-flags.js';

describe('missingNodeFlags', () => {
  const known = () => true;

  it('returns all flags when none is given', () => {
    assert.deepEqual(missingNodeFlags([], known), [...nodeFlags]);
  });

  it('returns none when all are given', () => {
    assert.deepEqual(missingNodeFlags(nodeFlags, known), []);
  });

  it('leaves another value of a flag in force, also when it is written with underscores', () => {
    assert.deepEqual(missingNodeFlags(['--max_semi_space_size=16'], known), [...nodeFlags.slice(1)]);
  });

  it('leaves out what this Node does not know', () => {
    const flags = missingNodeFlags([], () => false);
    assert.deepEqual(flags, [...nodeFlags.slice(0, -1)]);
  });

  it('leaves the roots alone that Node was told to start with: it takes one choice only', () => {
    for (const roots of ['--use-bundled-ca', '--use-system-ca']) {
      assert.ok(!missingNodeFlags([roots], known).includes('--use-openssl-ca'), roots);
    }
  });
});

describe('setLateFlags', () => {
  /** Whether V8 refuses code that was compiled before: it does once a flag has changed that counts for it. */
  const refusesAfter = (calls: string, given: readonly string[]) => {
    const module = JSON.stringify(new URL('../../src/process/node-flags.ts', import.meta.url).href);
    const program = `
      import { Script } from 'node:vm';
      import { setLateFlags } from ${module};
      const cachedData = new Script('(function () { return 1; })').createCachedData();
      ${calls};
      // Another text, of the same length: the same one V8 would know without the data.
      console.log(new Script('(function () { return 2; })', { cachedData }).cachedDataRejected);`;
    const words = ['--import=tsx', ...given, '--input-type=module', '-e', program];
    return execFileSync(process.execPath, words, { encoding: 'utf8' }).trim();
  };
  const changesFlags = (...given: readonly string[]) => refusesAfter('setLateFlags()', given);

  it('changes flags of the process that runs', () => {
    assert.equal(changesFlags(), 'true');
    assert.equal(changesFlags('--heap-growing-percent=50'), 'true');
  });

  it('leaves those alone that the process was started with, whatever was chosen', () => {
    assert.equal(changesFlags('--heap_growing_percent=50', '--sparkplug'), 'false');
  });

  it('lifts what it set, and turns on no compiler that the process was started without', () => {
    for (const given of [[], ['--no-sparkplug'], ['--jitless'], ['--lite-mode']]) {
      assert.equal(refusesAfter('setLateFlags()()', given), 'false', given.join(' '));
    }
  });
});

describe('the flags of Node', () => {
  it('are those that this Node knows with `npm start`', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'flags-'));
    try {
      const program = path.join(folder, 'show.cjs');
      writeFileSync(program, 'console.log(JSON.stringify(process.execArgv))');
      const { start } = packageJson.scripts;
      assert.match(start, / dist\/main\.js$/);
      // The same Node as here, whatever the machine calls `node`.
      const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
      const said = execFileSync('sh', ['-c', start.replace('dist/main.js', program)], { env, encoding: 'utf8' });
      assert.deepEqual(JSON.parse(said), missingNodeFlags([]));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('leave valid what V8 compiled without them, as Node did with its own modules', function () {
    // The V8 of Node 20 counts --max-semi-space-size as well.
    if (process.version.startsWith('v20.')) this.skip();
    const compile = 'new (require("vm").Script)("(function () { return 1; })"';
    const run = (flags: readonly string[], program: string) =>
      execFileSync(process.execPath, [...flags, '-p', program], { encoding: 'utf8' }).trim();
    const code = run([], `${compile}).createCachedData().toString("base64")`);
    const isRefused = (flags: readonly string[]) =>
      run(flags, `${compile}, { cachedData: Buffer.from("${code}", "base64") }).cachedDataRejected`);
    assert.equal(isRefused(missingNodeFlags([])), 'false');
    // So the question can be answered with yes.
    assert.equal(isRefused(['--heap-growing-percent=40']), 'true');
  });

  it('are all of them in the image: where its cache is made, and where it starts', () => {
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const starts = [...dockerfile.matchAll(/^(RUN|ENTRYPOINT) (\[.*\])$/gm)].map(([, verb, words = '']) => [
      verb,
      JSON.parse(words) as unknown,
    ]);
    const withFlags = (program: string) => ['/nodejs/bin/node', ...nodeFlags, program];
    assert.deepEqual(starts, [
      ['RUN', withFlags('/warm.mjs')],
      ['ENTRYPOINT', withFlags('/app/main.js')],
    ]);
  });

  it('come with the variables of the image where the benchmark starts a provider', () => {
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const [, words = ''] = /^ENV NODE_COMPILE_CACHE=\S+ (.*)$/m.exec(dockerfile) ?? [];
    assert.deepEqual(Object.fromEntries(words.split(' ').map((word) => word.split('='))), imageEnvironment);
  });
});
