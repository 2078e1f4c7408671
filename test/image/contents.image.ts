/** What the archive of the image says and holds. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { bundledPackages } from '../../scripts/image/bundled-packages.js';
import { listOfNotices, packageTitle } from '../../scripts/image/notices.js';
import { nodeFlags } from '../../src/process/node-flags.js';
import { containerOfManifest } from './manifest.js';
import { testImage } from './setup.js';

const root = path.resolve(import.meta.dirname, '../..');
const inside = (file: string) => path.join(testImage().rootfs, file);

/** Paths of all files and links of the image. */
function allFiles(): string[] {
  const names = readdirSync(testImage().rootfs, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name).slice(testImage().rootfs.length));
}

describe('the image', () => {
  it('is named as the manifest names it', () => {
    assert.equal(testImage().name, containerOfManifest().image);
  });

  it('starts node with the flags of the process, so that it does not start itself anew', () => {
    const { Entrypoint, Cmd } = testImage().config.config;
    assert.deepEqual(Entrypoint, ['/nodejs/bin/node', ...nodeFlags, '/app/main.js']);
    assert.deepEqual(Cmd ?? [], []);
  });

  it('runs as root, which owns the directories of kubelet and of the driver, and has no health check of its own', () => {
    const { User, Healthcheck } = testImage().config.config;
    assert.equal(User, '0:0');
    assert.equal(Healthcheck, undefined);
  });

  it('is for Linux on this machine’s architecture, and points Node at the compile cache', () => {
    const { os, architecture, config } = testImage().config;
    assert.equal(os, 'linux');
    assert.equal(architecture, process.arch === 'x64' ? 'amd64' : process.arch);
    for (const variable of ['NODE_COMPILE_CACHE=/app/cache', 'MALLOC_ARENA_MAX=1'])
      assert.ok(config.Env?.includes(variable));
  });

  it('says in labels what it is', () => {
    const labels = testImage().config.config.Labels ?? {};
    const label = (name: string) => labels[`org.opencontainers.image.${name}`];
    assert.equal(label('title'), packageJson.name);
    assert.equal(label('version'), packageJson.version);
    assert.equal(label('licenses'), packageJson.license);
    assert.match(label('revision') ?? '', /^([0-9a-f]{40}(-modified)?|unknown)$/);
    assert.ok(label('source'));
  });

  it('adds to its base two programs, their cache and the licences, and nothing else', () => {
    assert.deepEqual(readdirSync(inside('app')).sort(), [
      'LICENSE',
      'THIRD-PARTY-NOTICES',
      'cache',
      'extract-worker.js',
      'main.js',
      'package.json',
      'parts',
    ]);
    // The top of the public base, and of the stand-in for it, which has less.
    const ofBase = 'bin boot dev etc home lib lib64 nodejs proc root run sbin sys tmp usr var'.split(' ');
    assert.deepEqual(
      testImage().top.filter((name) => !ofBase.includes(name)),
      ['app'],
    );
    process.stdout.write(`      at the top: ${testImage().top.join(' ')}\n`);
  });

  it('has no shell, no package manager, no source maps and no program for people', () => {
    const unwanted =
      /(^|\/)((ba|da|a|z|k)?sh|busybox|env|npm|npx|corepack|yarn|apt|dpkg|cli\.js)$|\.map$|\/node_modules\//;
    assert.deepEqual(
      allFiles().filter((file) => unwanted.test(file)),
      [],
    );
  });

  it('has no file that runs with the rights of its owner', () => {
    const special = allFiles().filter((file) => {
      const stat = statSync(inside(file), { throwIfNoEntry: false });
      return stat !== undefined && (stat.mode & 0o6000) !== 0;
    });
    assert.deepEqual(special, []);
  });

  it('brings the licence, and a notice of every package in its programs', () => {
    assert.equal(readFileSync(inside('app/LICENSE'), 'utf8'), readFileSync(path.join(root, 'LICENSE'), 'utf8'));
    const notices = readFileSync(inside('app/THIRD-PARTY-NOTICES'), 'utf8');
    const packages = bundledPackages(root).map(packageTitle);
    assert.ok(packages.length > 20);
    assert.deepEqual(listOfNotices(notices), packages);
  });

  it('keeps nothing of the build: no npm settings, no secrets', () => {
    for (const file of ['root/.npmrc', 'run/secrets', 'src', 'warm.mjs']) assert.ok(!existsSync(inside(file)), file);
  });

  it('is downloaded with less than 90 MB, and unpacked less than 230 MB', () => {
    const unpacked = allFiles().reduce(
      (sum, file) => sum + (statSync(inside(file), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    const { layerBytes } = testImage();
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    process.stdout.write(`      downloaded ${megabytes(layerBytes)}, unpacked ${megabytes(unpacked)}\n`);
    // Node itself is 50 and 127 MB of it; the public base adds time zones, OpenSSL and certificates.
    assert.ok(layerBytes < 90e6 && unpacked < 230e6);
  });
});
