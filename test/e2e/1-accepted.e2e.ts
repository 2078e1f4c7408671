/** What the API server itself says of every object that this repository renders or offers. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { driverCrds, root } from './support/charts.js';
import { kubectl } from './support/kubernetes.js';

const folders = ['test/chart/golden', 'deployment', 'examples'];
/** Those that they speak of, beside those of every cluster. */
const namespaces = ['shop', 'secrets'];

describe('the API server accepts', () => {
  before(async () => {
    // Even in a rehearsal an object needs its definition and its namespace.
    await kubectl('apply', '--server-side', '-f', driverCrds);
    for (const name of namespaces) await kubectl('create', 'namespace', name);
    // A pod, unlike a deployment, needs its service account.
    await kubectl('create', 'serviceaccount', 'web', '-n', 'shop');
  });
  after(async () => {
    await kubectl('delete', 'namespace', ...namespaces, '--wait=true');
  });

  for (const folder of folders) {
    const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.yaml$/.test(name) && !/(^|\/)(values|store)\.yaml$/.test(name))
      .sort();
    it(`all of ${files.length} files in ${folder}`, async () => {
      assert.ok(files.length > 0);
      const named = files.flatMap((file) => ['-f', path.join(root, folder, file)]);
      // Strict: a field that the API does not know is an error, not a warning.
      await kubectl('apply', '--dry-run=server', '--validate=strict', ...named);
    });
  }
});
