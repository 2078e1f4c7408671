/** How the image starts and ends, under the security context of the manifest. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { region, World } from '../support/world.js';
import { containerOfManifest } from './manifest.js';
import { runContainer } from './runtime.js';
import { testImage } from './setup.js';

/** Runs a program of Node in the place of the provider, in the same container. */
function inContainer(program: string, environment: Readonly<Record<string, string>> = {}) {
  const { run } = testImage();
  const command = ['/nodejs/bin/node', '-e', program];
  return runContainer(run.runtime, run.work, { ...run, command, args: [], environment });
}

describe('a container of the image', () => {
  it('has the security context of the manifest: no capability, no new rights, a filter for system calls', () => {
    const { stdout, stderr } = inContainer('process.stdout.write(require("fs").readFileSync("/proc/self/status"))');
    const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(stdout)?.[1];
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      assert.equal(field(set), '0000000000000000', `${set} ${stderr}`);
    }
    assert.equal(field('NoNewPrivs'), '1');
    assert.equal(field('Seccomp'), '2');
    assert.equal(field('Uid'), '0\t0\t0\t0');
    assert.equal(field('Pid'), '1');
  });

  it('has a root file system that nobody can write to', () => {
    const { stdout } = inContainer(
      'for (const f of ["/x", "/app/x", "/tmp/x"]) try { require("fs").writeFileSync(f, ""); console.log("written", f) } catch (e) { console.log(e.code) }',
    );
    assert.equal(stdout, 'EROFS\nEROFS\nEROFS\n');
  });

  it('is one in which root cannot open its own file of mode 0400 for writing', () => {
    const file = path.join(testImage().run.shared, 'read-only');
    writeFileSync(file, '', { mode: 0o400 });
    const { stdout } = inContainer(
      `try { require("fs").openSync(${JSON.stringify(file)}, "r+"); console.log("opened") } catch (e) { console.log(e.code) }`,
    );
    assert.equal(stdout, 'EACCES\n');
  });

  it('prints the usage with every flag that the manifest gives', () => {
    const { run } = testImage();
    const { status, stderr } = runContainer(run.runtime, run.work, { ...run, args: ['-h'], environment: {} });
    assert.equal(status, 0);
    for (const flag of containerOfManifest().args)
      assert.ok(stderr.includes(`  ${(flag.split('=')[0] ?? '').slice(1)}`), flag);
  });
});

describe('the compile cache', () => {
  const files = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => path.join(folder, name))
      .filter((file) => statSync(file).isFile());

  it('holds what Node compiles of each program and what mounts ran of its parts, for root', () => {
    const [folder, ...others] = readdirSync(path.join(testImage().rootfs, 'app/cache'));
    assert.deepEqual(others, []);
    assert.match(folder ?? '', /^v24\.\d+\.\d+-(x64|arm64)-[0-9a-f]+-0$/);
    const names = files(path.join(testImage().rootfs, 'app/cache'));
    const code = names.filter((name) => name.endsWith('.code'));
    assert.equal(names.length - code.length, 2);
    assert.ok(code.length > 10, String(code.length));
  });

  it('is accepted by V8 under the flags of the entry point', () => {
    const { run } = testImage();
    // The provider refuses to go on with this variable, after Node has loaded it.
    const environment = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const { stderr } = runContainer(run.runtime, run.work, { ...run, args: ['-h'], environment });
    assert.match(stderr, /code cache for CommonJS \/app\/main\.js was accepted/);
    assert.doesNotMatch(stderr, /was rejected|not initialized/);
  });

  it('misses nothing that a start, a mount and an expression load', async () => {
    const { run, rootfs } = testImage();
    const copy = path.join(run.shared, 'cache');
    mkdirSync(copy);
    cpSync(path.join(rootfs, 'app/cache'), copy, { recursive: true });
    // Digests: a difference between large buffers could not be printed.
    const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
    const state = () => Object.fromEntries(files(copy).map((file) => [path.relative(copy, file), digest(file)]));
    const before = state();
    const world = await World.start({
      store: () => ({
        secrets: { [region]: { json: '{"a":"b"}' } },
        roles: { app: {} },
        serviceAccounts: { 'ns/app': { role: 'app' } },
      }),
      environment: { NODE_COMPILE_CACHE: copy },
    });
    const objects = `[{objectName: json, objectType: secretsmanager, jmesPath: [{path: a, objectAlias: a}]}]`;
    try {
      assert.equal((await world.mount({ objects })).tree['a']?.text, 'b');
    } finally {
      await world.stop();
    }
    // Where the host has the very Node of the image, the program that starts the container adds files of its own.
    const after = Object.entries(state()).filter(([name]) => name in before || name.endsWith('.code'));
    assert.deepEqual(Object.fromEntries(after), before);
  });

  it('saves CPU at the start (printed, not checked: the machine may be busy)', function () {
    this.timeout(60_000);
    const { run } = testImage();
    const [node = '', ...words] = run.image.config.Entrypoint ?? [];
    const main = words.pop() ?? '';
    const report =
      'process.on("exit", () => { const { user, system } = process.cpuUsage(); console.log((user + system) / 1000) });' +
      `process.argv = ["node", "main", "-h"]; require(${JSON.stringify(main)})`;
    const command = [node, ...words, '-e', report];
    const cpuMs = (environment: Readonly<Record<string, string>>) => {
      const times = Array.from({ length: 7 }, () =>
        Number(runContainer(run.runtime, run.work, { ...run, command, args: [], environment }).stdout),
      );
      return times.sort((a, b) => a - b)[3] ?? NaN;
    };
    const withCache = cpuMs({});
    const without = cpuMs({ NODE_DISABLE_COMPILE_CACHE: '1' });
    process.stdout.write(`      ${withCache.toFixed(0)} ms with the cache, ${without.toFixed(0)} ms without\n`);
    assert.ok(withCache > 0 && without > 0);
  });
});
