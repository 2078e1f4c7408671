import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeAsDriver } from '../../src/cli/driver-files.js';
import { drawTree, formatValue, formatVersion, hiddenValue } from '../../src/cli/tree.js';
import { styleOf } from '../../src/cli/terminal.js';
import { readVolume } from '../../src/cli/volume.js';
import { Secret } from '../../src/secret.js';

const file = (name: string, mode = 0o644) => ({ path: name, mode, contents: Buffer.from(`value of ${name}`) });

describe('a volume', () => {
  let target: string;
  beforeEach(() => {
    target = mkdtempSync(path.join(tmpdir(), 'volume-'));
  });
  afterEach(() => {
    rmSync(target, { recursive: true, force: true });
  });

  it('is written as the driver writes: paths, modes, and nothing that is no longer listed', async () => {
    await writeAsDriver([file('a', 0o666), file('d/b', 0o400)], target);
    assert.equal(statSync(path.join(target, 'a')).mode & 0o7777, 0o666);
    assert.equal(statSync(path.join(target, 'd/b')).mode & 0o7777, 0o400);
    await writeAsDriver([file('a')], target, ['a', 'd/b']);
    assert.equal(readFileSync(path.join(target, 'a'), 'utf8'), 'value of a');
    assert.ok(!existsSync(path.join(target, 'd/b')));
  });

  const bad: readonly [string, readonly string[], RegExp][] = [
    ['an absolute path', ['/a'], /"\/a" is no relative path/],
    ['an empty path', [''], /"" is no relative path/],
    ['a path that is not clean', ['a//b'], /"a\/\/b" is not in its shortest form/],
    ['the target itself', ['.'], /"." is not in its shortest form/],
    ['a way out', ['a/../../b'], /has a forbidden element/],
    ['a first element of the driver’s own', ['..data'], /has a forbidden element/],
    ['an element too long', ['x'.repeat(256)], /is too long/],
    ['one path twice', ['a', 'b', 'a'], /"a" is there twice/],
    ['a file below a file', ['a', 'a/b'], /"a\/b" lies below another file/],
  ];
  for (const [what, names, message] of bad) {
    it(`is not written for ${what}`, async () => {
      const written = writeAsDriver(
        names.map((name) => file(name)),
        target,
      );
      await assert.rejects(written, { code: 'invalid_request', message });
      assert.deepEqual(readdirSync(target), []);
    });
  }

  it('keeps nothing of a file that cannot take its place', async () => {
    await writeAsDriver([file('d/b')], target);
    await assert.rejects(writeAsDriver([file('d')], target), { code: 'write_failed', message: /^cannot write into/ });
    assert.deepEqual(readdirSync(target), ['d']);
  });

  it('is read back in order, and a file that was answered must be there', async () => {
    await writeAsDriver([file('b', 0o400), file('a')], target);
    const versions = [
      { id: 'b', version: '2' },
      { id: 'a', version: '1' },
    ];
    const files = await readVolume(target, versions);
    assert.deepEqual(
      files.map(({ path: name, mode, bytes, version }) => [name, mode, bytes, version]),
      [
        ['a', 0o644, 10, '1'],
        ['b', 0o400, 10, '2'],
      ],
    );
    await assert.rejects(readVolume(target, [{ id: 'c', version: '1' }]), {
      code: 'write_failed',
      message: '"c" was answered and is not in the volume',
    });
  });

  it('is drawn as a tree whose columns stand below each other', async () => {
    writeFileSync(path.join(target, 'z'), 'x');
    await writeAsDriver([file('d/long-name'), file('d/e/f', 0o400)], target);
    const names = ['z', 'd/long-name', 'd/e/f'];
    const versions = names.map((id) => ({ id, version: id === 'z' ? '12345678-1234-4234-8234-123456789012' : '1' }));
    const files = await readVolume(target, versions);
    assert.deepEqual(drawTree(files, { style: styleOf(false), showValues: false }), [
      '├── d/',
      '│   ├── e/',
      `│   │   └── f      0400  14 B  version 1          ${hiddenValue}`,
      `│   └── long-name  0644  20 B  version 1          ${hiddenValue}`,
      `└── z              0644   1 B  version 12345678…  ${hiddenValue}`,
    ]);
    const [, , shown] = drawTree(files, { style: styleOf(false), showValues: true });
    assert.ok(shown?.endsWith('value of d/e/f'));
  });

  it('shows values on one line, cut, with control characters escaped, and what is no text as base64', () => {
    assert.equal(formatValue(new Secret('a\nb\u001b[31m')), 'a\\nb\\x1b[31m');
    assert.equal(formatValue(new Secret(Buffer.from([0xff, 0xfe]))), 'base64 //4=');
    assert.equal(formatValue(new Secret('x'.repeat(300))), `${'x'.repeat(200)}…`);
    assert.equal(formatValue(undefined), '(its mode lets you not read it)');
    assert.equal(formatVersion('7'), 'version 7');
  });
});
