import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { startProvider } from '../support/provider.js';
import { readTree, region, texts, World } from '../support/world.js';

const names = Array.from({ length: 12 }, (_, index) => `s${String(index)}`);
const objects = names.map((name) => `- { objectName: ${name}, objectType: secretsmanager }`).join('\n');

/** One value for all secrets, over several pages. */
const generation = (mark: string) => Object.fromEntries(names.map((name) => [name, mark.repeat(20_000)]));

describe('interrupted mounts', function () {
  this.timeout(60_000);
  let world: World;
  beforeEach(async () => {
    world = await World.start({
      flags: ['--secret-cache-ttl=0'],
      store: () => ({
        secrets: { [region]: generation('a') },
        roles: { app: {} },
        serviceAccounts: { 'ns/app': { role: 'app' } },
      }),
    });
  });
  afterEach(async () => {
    await world.stop();
  });

  it('writes nothing when the caller cancels half-way, and serves the next mount', async () => {
    const hang = world.standIn.fault({ object: 's7', effect: { kind: 'hang' } });
    const controller = new AbortController();
    const targetPath = world.target();
    const mount = world.mount({ objects, targetPath, signal: controller.signal });
    const cancelled = assert.rejects(mount, (error) => (error as ServiceError).code === status.CANCELLED);
    while (hang.hits === 0) await sleep(5);
    controller.abort();
    await cancelled;
    await sleep(100);
    assert.deepEqual(readTree(targetPath), {});
    hang.remove();
    const { tree } = await world.mount({ objects, targetPath });
    assert.equal(Object.keys(tree).length, names.length);
    assert.equal(world.provider.logLines().filter((line) => line['code'] === 'cancelled').length, 1);
  });

  it('answers with a final status before the caller’s deadline when AWS hangs', async () => {
    world.standIn.fault({ object: 's3', effect: { kind: 'hang' } });
    const started = Date.now();
    const error = await world.failure({ objects, deadlineMs: 2000 });
    assert.equal(error.code, status.INTERNAL);
    assert.match(error.details, /"s3"/);
    assert.match(error.details, /eu-west-1/);
    assert.ok(Date.now() - started < 1900);
  });

  it('runs two mounts of one target one after the other', async () => {
    const targetPath = world.target();
    const [first, second] = await Promise.all([
      world.mount({ objects, targetPath }),
      world.mount({ objects, targetPath }),
    ]);
    assert.deepEqual(first.versions, second.versions);
    assert.deepEqual(texts(readTree(targetPath)), generation('a'));
  });

  it('answers what is in flight at the end of its drain, and goes', async () => {
    const hang = world.standIn.fault({ object: 's1', effect: { kind: 'hang' } });
    const failed = world.failure({ objects, deadlineMs: 4000 });
    while (hang.hits === 0) await sleep(5);
    world.provider.process.kill('SIGTERM');
    const error = await failed;
    assert.equal(error.code, status.INTERNAL);
    while (world.provider.process.exitCode === null) await sleep(10);
    assert.equal(existsSync(world.provider.socket), false);
  });

  it('leaves every file whole, old or new, when it is killed half-way, and the next mount finishes the set', async () => {
    const targetPath = world.target();
    await world.mount({ objects, targetPath });
    const volume = mkdtempSync(path.join(tmpdir(), 'prov-'));
    const environment = { AWS_REGION: region, ...world.standIn.environment() };
    for (let round = 0; round < 8; round += 1) {
      const provider = await startProvider({ volume, environment });
      const mark = String(round);
      world.standIn.update({ secrets: { [region]: generation(mark) } });
      const mount = provider.driver.mount(world.complete({ objects, targetPath })).catch(() => undefined);
      await sleep(20 + round * 12);
      await provider.stop('SIGKILL');
      await mount;
      for (const name of names) {
        const text = readFileSync(path.join(targetPath, name), 'utf8');
        assert.equal(text, text.charAt(0).repeat(20_000), `${name} is torn in round ${mark}`);
      }
    }
    rmSync(volume, { recursive: true });
    await world.mount({ objects, targetPath });
    for (const name of names) assert.equal(readFileSync(path.join(targetPath, name), 'utf8'), '7'.repeat(20_000));
    // What a killed process staged stays until it is old: another live process might be at work there.
    for (const entry of readdirSync(targetPath)) assert.ok(names.includes(entry) || entry.startsWith('..'));
  });
});
