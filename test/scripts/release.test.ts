/** A release as far as it goes without a builder of images: what it refuses, and the folder that it makes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeRelease } from '../../scripts/release/release-folder.js';
import { checkVersions } from '../../scripts/release/versions.js';

const root = path.resolve(import.meta.dirname, '../..');
const script = path.join(root, 'scripts/release/release.ts');

describe('a release', function () {
  this.timeout(60_000);
  let work: string;
  let out: string;
  beforeEach(() => {
    work = mkdtempSync(path.join(tmpdir(), 'release-test-'));
    out = path.join(work, 'out');
  });
  afterEach(() => {
    rmSync(work, { recursive: true });
  });

  /** Runs the command where there is no builder of images. */
  function release(...flags: readonly string[]) {
    const argv = ['--import=tsx', script, '--output', out, ...flags];
    const env = { PATH: work, HOME: work, SECRETS_STORE_TOOLS: path.join(work, 'tools') };
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: root, encoding: 'utf8', env });
    return { status, stdout, stderr };
  }

  const fill = (text: string) => (folder: string) => {
    writeFileSync(path.join(folder, 'image.tar'), text);
    return Promise.resolve();
  };
  const read = (name: string) => readFileSync(path.join(out, name), 'utf8');

  describe('of the command', () => {
    it('prints its usage, and makes nothing', () => {
      const { status, stdout } = release('--help');
      assert.equal(status, 0);
      assert.match(stdout, /^npm run release -- \[flags\]\n {2}--output DIR/);
      assert.deepEqual(readdirSync(work), []);
    });

    it('refuses flags that it does not know, and other bases', () => {
      const unknown = release('--platfrom', 'linux/arm64');
      assert.equal(unknown.status, 1);
      assert.match(unknown.stderr, /Unknown option '--platfrom'/);
      const base = release('--base=registry');
      assert.deepEqual([base.status, base.stderr], [1, '--base can only be npm\n']);
      assert.deepEqual(readdirSync(work), []);
    });

    it('warns of bases without a digest, says what is missing, and leaves the former release alone', async () => {
      await makeRelease(out, fill('former'));
      const { status, stderr } = release('--runtime-image', `registry.example/node@sha256:${'0'.repeat(64)}`);
      assert.equal(status, 1);
      const [warning, fault, ...more] = stderr.trim().split('\n');
      assert.equal(warning, 'warning: buildImage is not named by digest, so the release cannot be made again');
      assert.match(fault ?? '', /^none of buildah, podman, docker works on this machine: install /);
      assert.deepEqual(more, []);
      assert.equal(read('image.tar'), 'former');
      assert.deepEqual(
        readdirSync(work).filter((name) => name.startsWith('out')),
        ['out'],
      );
    });
  });

  describe('of its versions', () => {
    const chart = (appVersion: string) => {
      writeFileSync(path.join(work, 'Chart.yaml'), `version: 1.0.0\nappVersion: ${appVersion}\n`);
    };

    it('takes a chart that installs this version', () => {
      chart('"1.2.3"');
      checkVersions('1.2.3', work);
    });

    it('refuses a chart that would install another one, a number or none', () => {
      for (const [appVersion, shown] of [
        ['1.2.4', '1.2.4'],
        ['1.2', '1.2'],
        ['', 'null'],
      ] as const) {
        chart(appVersion);
        const message = `package.json is version 1.2.3, and Chart.yaml has appVersion ${shown}: make them equal`;
        assert.throws(() => {
          checkVersions('1.2.3', work);
        }, new Error(message));
      }
    });
  });

  describe('of its folder', () => {
    it('has checksums of every file, as sha256sum reads them', async () => {
      const lines = await makeRelease(out, async (folder) => {
        await fill('an image')(folder);
        writeFileSync(path.join(folder, 'a.cdx.json'), '{}');
      });
      assert.deepEqual(readdirSync(out).sort(), ['SHA256SUMS', 'a.cdx.json', 'image.tar']);
      assert.equal(read('SHA256SUMS'), `${lines.join('\n')}\n`);
      const check = () => spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out }).status;
      assert.equal(check(), 0);
      writeFileSync(path.join(out, 'image.tar'), 'another image');
      assert.equal(check(), 1);
    });

    it('takes the place of a former release, and of an empty folder', async () => {
      mkdirSync(out);
      await makeRelease(out, fill('first'));
      writeFileSync(path.join(out, 'old'), '');
      await makeRelease(out, fill('second'));
      assert.equal(read('image.tar'), 'second');
      assert.deepEqual(readdirSync(out).sort(), ['SHA256SUMS', 'image.tar']);
    });

    it('is not made where something else lies', async () => {
      mkdirSync(out);
      writeFileSync(path.join(out, 'thesis.tex'), 'years of work');
      await assert.rejects(makeRelease(out, fill('x')), {
        message: `${out} is not empty and holds no release (no SHA256SUMS): remove it, or give another --output`,
      });
      assert.deepEqual(readdirSync(out), ['thesis.tex']);
    });

    it('is as it was when the release fails half-way', async () => {
      await makeRelease(out, fill('former'));
      const failing = makeRelease(out, async (folder) => {
        await fill('half')(folder);
        throw new Error('no space left');
      });
      await assert.rejects(failing, { message: 'no space left' });
      assert.equal(read('image.tar'), 'former');
      assert.deepEqual(readdirSync(work), ['out']);
    });
  });
});
