/** Every object of the golden renders and of deployment/ consists of fields that Kubernetes knows, with their types. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { here, parse } from './chart-support.js';
import { typeFaults } from './kubernetes-types.js';

const folders = [path.join(here, 'golden'), path.join(here, '../../deployment')];
const files = folders.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)));

describe('rendered objects', () => {
  for (const file of files) {
    it(`are of the Kubernetes API in ${path.relative(here, file)}`, () => {
      const objects = parse(readFileSync(file, 'utf8'));
      // A field that is given twice would have ended the parser.
      assert.ok(objects.length > 0);
      assert.deepEqual(objects.flatMap(typeFaults), []);
    });
  }

  it('would be found out for an unknown field, a wrong type or an unknown kind', () => {
    const spec = { nodeName: 5, containers: [{ name: 'a', imagePullPolcy: 'Always' }], tolerations: {} };
    assert.deepEqual(typeFaults({ apiVersion: 'v1', kind: 'Pod', spec } as never), [
      'Pod.spec.nodeName is no string',
      'Pod.spec.containers[0].imagePullPolcy is unknown',
      'Pod.spec.tolerations is no list',
    ]);
    assert.match(typeFaults({ apiVersion: 'v2', kind: 'Pod' })[0] ?? '', /V2Pod, which the client does not know/);
  });
});
