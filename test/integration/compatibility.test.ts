/** Every row of what a drop-in replacement must accept, mounted through the built provider. */
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { region, texts, World } from '../support/world.js';
import { json, listRows, parameterRows, v1, v2 } from './class-rows.js';
import { failoverRows, fetchRows, jmesPathRows, pathRows } from './object-rows.js';

describe('compatibility', () => {
  let world: World;
  before(async () => {
    world = await World.start({
      store: () => ({
        secrets: {
          [region]: {
            s: 'plain',
            'dir/s': 'deep',
            json,
            versions: {
              versions: [
                { id: v1, value: 'one' },
                { id: v2, value: 'two' },
              ],
            },
          },
          'us-east-2': { far: 'far', s: 'other region' },
        },
        parameters: {
          [region]: {
            p: { versions: [{ value: 'p1', labels: ['stable'] }, { value: 'p2' }, { value: 'p3' }] },
            ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`/many/${String(i)}`, `many ${String(i)}`])),
          },
        },
        roles: { app: {} },
        serviceAccounts: { 'ns/app': { role: 'app' } },
        podIdentityAssociations: { 'ns/app': 'app' },
      }),
      // The order of a region's sources is tested with the parser; here the environment must not decide.
      environment: { AWS_REGION: region },
    });
  });
  after(() => world.stop());

  const sections = { parameterRows, listRows, jmesPathRows, pathRows, failoverRows, fetchRows };
  for (const [section, rows] of Object.entries(sections)) {
    describe(section, () => {
      for (const row of rows) {
        it(row.row, async () => {
          if (row.code !== undefined) {
            const error = await world.failure(row);
            assert.equal(status[error.code], status[row.code], error.details);
            if (row.message) assert.match(error.details, row.message);
            return;
          }
          const { tree, versions } = await world.mount(row);
          assert.deepEqual(texts(tree), row.files);
          for (const [name, mode] of Object.entries(row.modes ?? {})) assert.equal(tree[name]?.mode, mode);
          assert.deepEqual(Object.keys(versions).sort(), Object.keys(row.files ?? {}).sort());
          for (const [name, version] of Object.entries(row.versions ?? {})) assert.equal(versions[name], version);
          const warnings = JSON.stringify(world.provider.logLines().at(-1)?.['warnings'] ?? []);
          if (row.warning) assert.match(warnings, row.warning);
        });
      }
    });
  }
});
