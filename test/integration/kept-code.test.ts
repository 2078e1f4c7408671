/** The built provider under `NODE_COMPILE_CACHE`: what one process compiled is there for the next. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { region, World } from '../support/world.js';

describe('the compile cache of a provider', function () {
  this.timeout(30_000);
  let cache = '';
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'kept-'));
  });
  afterEach(() => {
    rmSync(cache, { recursive: true, force: true });
  });

  /** The code of parts, by name. Its content tells when a file was written again: other functions had run. */
  const code = () => {
    const names = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.code'));
    return new Map(names.sort().map((name) => [name, readFileSync(path.join(cache, name), 'latin1')]));
  };

  /** The life of one process. */
  const live = async (use: (world: World) => Promise<unknown>): Promise<void> => {
    const world = await World.start({
      store: (canaries) => ({
        secrets: { [region]: { s: canaries.value('kept') } },
        roles: { app: {} },
        serviceAccounts: { 'ns/app': { role: 'app' } },
      }),
      environment: { NODE_COMPILE_CACHE: cache },
    });
    try {
      await use(world);
    } finally {
      await world.stop();
    }
    for (const [name, content] of code()) world.canaries.assertAbsent(content, name);
  };
  const mount = (world: World) => world.mount({ objects: '[{objectName: s, objectType: secretsmanager}]' });

  it('holds code and no secret once a process that mounted has ended; the next one adds nothing', async function () {
    // Node 20 has no compile cache.
    if (process.version.startsWith('v20.')) this.skip();
    await live(() => Promise.resolve());
    assert.equal(code().size, 0, 'without a mount');
    await live(mount);
    const kept = code();
    assert.ok(kept.size > 5, String(kept.size));
    await live(mount);
    assert.deepEqual([...code().keys()], [...kept.keys()]);
    for (const [name, content] of code()) assert.ok(content === kept.get(name), name);
  });
});
