/** How tests and releases bring their tools: pinned, whole or not at all, and from a registry that may be wrong. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bringPackage, runNpm } from '../../scripts/npm.js';
import { makeOnce, toolsDirectory } from '../../scripts/tools-directory.js';

describe('tools', function () {
  this.timeout(60_000);
  let work: string;
  beforeEach(() => (work = mkdtempSync(path.join(tmpdir(), 'tools-test-'))));
  afterEach(() => {
    rmSync(work, { recursive: true });
  });

  describe('made once', () => {
    it('are there whole, and are not made again', () => {
      const folder = path.join(work, 'a/tool');
      const fill = (place: string) => {
        writeFileSync(path.join(place, 'program'), '');
        return place;
      };
      makeOnce(folder, fill);
      makeOnce(folder, () => assert.fail('made again'));
      assert.deepEqual(readdirSync(folder), ['program']);
      assert.deepEqual(readdirSync(path.join(work, 'a')), ['tool']);
    });

    it('leave nothing when they cannot be made', () => {
      assert.throws(() => {
        makeOnce(path.join(work, 'tool'), () => {
          throw new Error('no way');
        });
      }, /no way/);
      assert.deepEqual(readdirSync(work), []);
    });

    it('are taken from the run that was faster', () => {
      const folder = path.join(work, 'tool');
      makeOnce(folder, (place) => {
        mkdirSync(folder);
        writeFileSync(path.join(folder, 'faster'), '');
        return place;
      });
      assert.deepEqual(readdirSync(folder), ['faster']);
      assert.deepEqual(readdirSync(work), ['tool']);
    });
  });

  it('lie where SECRETS_STORE_TOOLS says, else in the cache of the user', () => {
    const names = ['SECRETS_STORE_TOOLS', 'XDG_CACHE_HOME'] as const;
    const saved = names.map((name) => process.env[name]);
    const set = (...values: readonly (string | undefined)[]) => {
      for (const [index, name] of names.entries()) {
        if (values[index] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = values[index];
      }
    };
    try {
      set('/tools', '/cache');
      assert.equal(toolsDirectory(), '/tools');
      set('', '/cache');
      assert.equal(toolsDirectory(), '/cache/secrets-store-csi-driver-provider-aws');
      set();
      assert.match(toolsDirectory(), /\/\.cache\/secrets-store-csi-driver-provider-aws$/);
    } finally {
      set(...saved);
    }
  });

  describe('of a package registry', () => {
    const name = '@made-up/tool';
    let registry: ChildProcess;
    let integrity: string;
    const pinned = () => ({ name, version: '1.0.0', integrity });

    beforeEach(async () => {
      const source = path.join(work, 'source');
      mkdirSync(source);
      writeFileSync(path.join(source, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
      writeFileSync(path.join(source, 'program'), 'works');
      runNpm(['pack', source, `--pack-destination=${work}`]);
      const archive = path.join(work, 'made-up-tool-1.0.0.tgz');
      integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
      // Another process: npm is waited for, and this one serves nobody meanwhile.
      registry = spawn(process.execPath, ['-e', registryProgram, archive], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [port] = (await once(registry.stdout ?? assert.fail(), 'data')) as [Buffer];
      process.env['npm_config_registry'] = `http://127.0.0.1:${port.toString()}`;
      process.env['npm_config_cache'] = path.join(work, 'cache');
    });
    afterEach(async () => {
      Reflect.deleteProperty(process.env, 'npm_config_registry');
      Reflect.deleteProperty(process.env, 'npm_config_cache');
      registry.kill();
      if (registry.exitCode === null && registry.signalCode === null) await once(registry, 'exit');
    });

    it('are unpacked when they are what is pinned', () => {
      const folder = path.join(work, 'tool');
      mkdirSync(folder);
      assert.equal(readFileSync(path.join(bringPackage(pinned(), folder), 'program'), 'utf8'), 'works');
    });

    it('are refused, and not unpacked, when the registry gives another archive', () => {
      const folder = path.join(work, 'tool');
      mkdirSync(folder);
      const wrong = { ...pinned(), integrity: integrity.replace(/.{3}$/, 'AAA') };
      assert.throws(() => bringPackage(wrong, folder), {
        message: `@made-up/tool@1.0.0 is not what it was: ${integrity}`,
      });
      assert.ok(!existsSync(path.join(folder, 'node_modules')));
    });

    it('that it does not have are told in a sentence', () => {
      const absent = { ...pinned(), version: '2.0.0' };
      assert.throws(() => bringPackage(absent, work), /^Error: npm pack failed: code ETARGET .*@made-up\/tool@2\.0\.0/);
    });
  });
});

/** Serves one archive as the one version of its package; prints its port. */
const registryProgram = `
  const http = require('node:http');
  const archive = require('node:fs').readFileSync(process.argv[1]);
  const server = http.createServer((request, response) => {
    if (request.url.endsWith('.tgz')) return response.end(archive);
    const tarball = 'http://' + request.headers.host + '/tool.tgz';
    const version = { name: '@made-up/tool', version: '1.0.0', dist: { tarball } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: version.name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }));
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;
