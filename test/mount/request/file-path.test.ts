import assert from 'node:assert/strict';
import { createPathReader, pathFault, pathOddity, translatePath } from '../../../src/mount/request/file-path.js';
import { stagingMark } from '../../../src/mount/volume/staging-mark.js';

const byDefault = { pathTranslation: '_', driverWrites: false };
const off = { pathTranslation: undefined, driverWrites: false };

describe('translatePath', () => {
  for (const [name, path] of [
    ['a/b', 'a_b'],
    ['/a//b/', '_a__b_'],
    ['../x', '.._x'],
    ['"quoted"', '"quoted"'],
    ['plain', 'plain'],
  ] as const) {
    it(`makes ${path} of ${name}`, () => {
      assert.equal(translatePath(name, byDefault), path);
    });
  }

  it('uses any character, also one that is special in replacements', () => {
    assert.equal(translatePath('/a/b', { pathTranslation: '$', driverWrites: false }), '$a$b');
    assert.equal(translatePath('/a/b', { pathTranslation: '&', driverWrites: false }), '&a&b');
  });

  it('strips leading slashes and keeps the others when translation is off', () => {
    assert.equal(translatePath('///a/b', off), 'a/b');
    assert.equal(translatePath('///', off), '');
  });
});

describe('pathFault', () => {
  for (const path of [
    'a',
    'a/b/c',
    'a b',
    '.hidden',
    '...',
    '..a',
    'a/..b',
    '"x"',
    'arn:aws:ssm:x',
    'é'.repeat(127),
    'x'.repeat(255),
    '~',
    '-rf',
    // The file system takes them, and so does the driver.
    'a\n',
    'a\nb',
    'a\u001b[2J',
    'a\u007f',
    'a\u0085',
  ]) {
    it(`accepts ${JSON.stringify(path.slice(0, 20))} (${path.length} characters)`, () => {
      assert.equal(pathFault(path, off), undefined);
    });
  }

  for (const [path, message] of [
    ['', 'is empty'],
    ['/a', 'is absolute; it must be relative to the mount'],
    ['.', 'has "." or ".." as an element'],
    ['..', 'has "." or ".." as an element'],
    ['a/./b', 'has "." or ".." as an element'],
    ['a/..', 'has "." or ".." as an element'],
    ['a//b', 'has an empty element: no slash at the end, and no two in a row'],
    ['a/', 'has an empty element: no slash at the end, and no two in a row'],
    ['x'.repeat(256), 'has an element of more than 255 bytes'],
    [`a/${'é'.repeat(128)}`, 'has an element of more than 255 bytes'],
    [`${'é/'.repeat(1400)}x`, 'is longer than 4096 bytes'],
    ['a\0b', 'holds a NUL character, which no file name can'],
    // Every lone surrogate would become the same three bytes on disk.
    ['a\ud800', 'is not valid Unicode'],
    [`${stagingMark}x`, `begins with ${stagingMark}, which the provider keeps for itself`],
  ] as const) {
    it(`refuses ${JSON.stringify(path.slice(0, 12))} (${path.length} characters): ${message}`, () => {
      assert.equal(pathFault(path, off), message);
    });
  }

  it('refuses a first element that begins with .. only when the driver writes', () => {
    const driver = { pathTranslation: undefined, driverWrites: true };
    assert.match(pathFault('..data', driver) ?? '', /^begins with "\.\.", which the driver keeps/);
    assert.match(pathFault('..a/b', driver) ?? '', /^begins with "\.\."/);
    assert.equal(pathFault('a/..b', driver), undefined);
    assert.equal(pathFault('..data', off), undefined);
  });
});

describe('pathOddity', () => {
  for (const [path, oddity] of [
    ['a\n', 'ends with a line feed; write "|-" or ">-" instead of "|" or ">" to leave it out'],
    ['a\nb', 'holds a control character'],
    ['a\u0007', 'holds a control character'],
    ['a\u009f', 'holds a control character'],
    ['a b', undefined],
    ['ü/€', undefined],
  ] as const) {
    it(`${oddity === undefined ? 'has nothing to say' : 'warns'} of ${JSON.stringify(path)}`, () => {
      assert.equal(pathOddity(path), oddity);
    });
  }
});

describe('createPathReader', () => {
  it('returns path and fault, the same answer for the same name', () => {
    const pathOf = createPathReader(byDefault);
    assert.deepEqual(pathOf('a/b'), { path: 'a_b', fault: undefined, oddity: undefined });
    assert.equal(pathOf('..'), pathOf('..'));
    assert.equal(pathOf('..').fault, 'has "." or ".." as an element');
    assert.equal(pathOf('a\u0007').oddity, 'holds a control character');
  });
});
