import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseObjects } from '../../src/mount/request/objects.js';
import { findConflicts, needsMoreFolders, planFiles, type Output } from '../../src/mount/plan.js';
import type { FetchedObject, ObjectSpec } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';
import { cpuCostMs } from '../support/cost.js';

function output(path: string, owner = path): Output {
  return { path, owner: () => owner };
}

function conflicts(...paths: string[]): string[] {
  const outputs = paths.map((path, place) => output(path, `${place}:${path}`));
  return findConflicts(outputs).map(({ first, second }) => `${first.owner()} ${second.owner()}`);
}

function fetchedOf(value: string, version: string): FetchedObject {
  return { value: new Secret(value), version, region: 'us-east-1' };
}

const spec: ObjectSpec = {
  index: 0,
  type: 'secretsmanager',
  name: 'db',
  path: 'db',
  hiddenByJmesPath: false,
  mode: 0o644,
  jmesPath: [],
};

describe('needsMoreFolders', () => {
  for (const [paths, count] of [
    [[], 0],
    [['a', 'b'], 0],
    [['a/b', 'a/c', 'a/d/e', 'b/d/e', 'a/d/f'], 4],
    [['a/b/c/d', 'a/b/c/d'], 3],
    // The same text in another element is another directory.
    [['aa/a', 'a/aa'], 2],
  ] as const) {
    it(`counts ${count} for ${JSON.stringify(paths)}`, () => {
      const outputs = paths.map((path) => output(path));
      assert.equal(needsMoreFolders(outputs, count), false);
      assert.equal(needsMoreFolders(outputs, count - 1), count > 0);
    });
  }

  it('takes no time for a deep path that is repeated ten thousand times', () => {
    const path = 'x/'.repeat(2000);
    const outputs = Array.from({ length: 10_000 }, () => output(path));
    const costMs = cpuCostMs(200, () => {
      assert.equal(needsMoreFolders(outputs, 2000), false);
    });
    assert.ok(costMs < 200, `costs ${costMs} ms`);
  });
});

describe('findConflicts', () => {
  it('finds none among files that only look alike', () => {
    assert.deepEqual(conflicts('a', 'A', 'a-b', 'a.b', 'ab', 'b/a', 'b/a-', 'b/a!x'), []);
  });

  it('finds a path twice, and a third time', () => {
    assert.deepEqual(conflicts('a', 'b', 'a', 'a'), ['0:a 2:a', '0:a 3:a']);
  });

  it('finds a file where others need a directory, the file first, in whatever order they come', () => {
    assert.deepEqual(conflicts('a/b', 'a', 'a/c/d'), ['1:a 0:a/b', '1:a 2:a/c/d']);
    assert.deepEqual(conflicts('a', 'a-b', 'a/b'), ['0:a 2:a/b']);
    assert.deepEqual(conflicts('a/b', 'a/b/c', 'a/b'), ['0:a/b 1:a/b/c', '0:a/b 2:a/b']);
  });

  it('agrees with the plain comparison of every pair', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'a-', '!', 'é'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(
          path.map((elements) => elements.join('/')),
          { maxLength: 12 },
        ),
        (paths) => {
          const collides = (left: string, right: string) => left === right || right.startsWith(`${left}/`);
          const expected = paths.some((left, one) =>
            paths.some((right, other) => one !== other && collides(left, right)),
          );
          assert.equal(findConflicts(paths.map((each) => output(each))).length > 0, expected);
        },
      ),
    );
  });

  it('takes time in proportion to the list', () => {
    const deep = Array.from({ length: 10_000 }, (_, index) => output(`${'d/'.repeat(5)}${index}/x`));
    const same = Array.from({ length: 10_000 }, () => output('x/'.repeat(2000)));
    const costMs = cpuCostMs(500, () => {
      assert.equal(findConflicts(deep).length, 0);
      assert.equal(findConflicts(same).length, 9_999);
    });
    assert.ok(costMs < 500, `costs ${costMs} ms`);
  });
});

describe('planFiles', () => {
  it('returns each whole value before its parts, with mode and version, in the order of the list', () => {
    const objects: ObjectSpec[] = [
      {
        ...spec,
        mode: 0o400,
        jmesPath: [
          { expression: 'u', path: 'user', mode: 0o440 },
          { expression: 'p', path: 'pass', mode: 0o400 },
        ],
      },
      { ...spec, index: 1, name: 'p', type: 'ssmparameter', path: 'a/p' },
    ];
    const files = planFiles(
      objects,
      [fetchedOf('{}', 'v1'), fetchedOf('text', '7')],
      [[new Secret('me'), new Secret('word')], []],
    );
    assert.deepEqual(
      files.map(({ contents, ...rest }) => ({ ...rest, text: contents.revealText() })),
      [
        { path: 'db', mode: 0o400, version: 'v1', text: '{}' },
        { path: 'user', mode: 0o440, version: 'v1', text: 'me' },
        { path: 'pass', mode: 0o400, version: 'v1', text: 'word' },
        { path: 'a/p', mode: 0o644, version: '7', text: 'text' },
      ],
    );
  });

  it('leaves out a whole value that a part of it hides', () => {
    const object = { ...spec, hiddenByJmesPath: true, jmesPath: [{ expression: 'u', path: 'db', mode: 0o400 }] };
    const files = planFiles([object], [fetchedOf('{"all": 1}', 'v1')], [[new Secret('part')]]);
    assert.equal(files.length, 1);
    assert.equal(files[0]?.contents.revealText(), 'part');
  });

  it('throws when a value is missing, for that is a bug', () => {
    assert.throws(() => planFiles([spec], [], []), new TypeError('no value was fetched for objects[0]'));
    const object = { ...spec, jmesPath: [{ expression: 'u', path: 'u', mode: 0o400 }] };
    assert.throws(
      () => planFiles([object], [fetchedOf('{}', 'v1')], [[]]),
      new TypeError('no value for jmesPath[0] of objects[0]'),
    );
  });
});

describe('a list that was read and planned', () => {
  const element = fc.constantFrom('a', 'b', 'c', '..', '.', '', '..a', 'é', '\u0007', 'x'.repeat(250), '\ud800', ' ');
  const name = fc.array(element, { minLength: 1, maxLength: 4 }).map((elements) => elements.join('/'));
  const entry = fc.record(
    {
      objectName: name,
      objectType: fc.constantFrom('secretsmanager', 'ssmparameter'),
      objectAlias: name,
      jmesPath: fc.array(fc.record({ path: fc.constant('x'), objectAlias: name }), { maxLength: 2 }),
    },
    { requiredKeys: ['objectName', 'objectType'] },
  );

  it('holds no path that escapes, no path twice, and no file where another needs a directory', () => {
    let planned = 0;
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(undefined, '_', '.', ' '),
        fc.boolean(),
        (list, pathTranslation, driverWrites) => {
          const options = { pathTranslation, driverWrites, mode: 0o644, hasFailoverRegion: false };
          const { objects, error } = parseObjects(JSON.stringify(list), options);
          if (error !== undefined) return;
          planned += 1;
          const values = objects.map(() => fetchedOf('{}', 'v'));
          const texts = objects.map(({ jmesPath }) => jmesPath.map(() => new Secret('t')));
          const paths = planFiles(objects, values, texts).map(({ path }) => path);
          for (const path of paths) {
            const elements = path.split('/');
            assert.ok(elements.every((each) => each !== '' && each !== '.' && each !== '..'));
            assert.ok(elements.every((each) => Buffer.byteLength(each) <= 255));
            assert.ok(!(driverWrites && path.startsWith('..')));
            assert.ok(!paths.some((other) => other.startsWith(`${path}/`)));
          }
          const bytes = new Set(paths.map((path) => Buffer.from(path).toString('hex')));
          assert.equal(bytes.size, paths.length);
        },
      ),
      { numRuns: 2000 },
    );
    assert.ok(planned > 100, `only ${planned} lists were good`);
  });
});
