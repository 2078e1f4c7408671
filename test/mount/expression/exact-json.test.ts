/** JSON is read and written without losing anything. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JsonFailure, parseJson, writeJson } from '../../../src/mount/expression/exact-json.js';
import { ExpressionFailure } from '../../../src/mount/expression/expression-failure.js';

const roundTrip = (text: string) => writeJson(parseJson(text), 1_000_000);

describe('parseJson and writeJson', () => {
  const same = [
    '{"b":1,"10":2,"2":3,"a":4}',
    '[1.10,1.0,1e3,1E+3,-0,12345678901234567890,0.1000,1e999,-1e-999]',
    '{"__proto__":{"x":1},"constructor":2,"toString":null,"":""}',
    '"\\"\\\\"',
    '[[],{},[{}],"",true,false,null]',
    `${'['.repeat(500)}${']'.repeat(500)}`,
    ' "é😀\u2028 "'.trim(),
  ];
  for (const text of same) {
    it(`keeps ${text.slice(0, 60)}`, () => {
      assert.equal(roundTrip(text), text);
    });
  }

  const changed: readonly (readonly [string, string, string])[] = [
    ['white space', ' {\t"a" :\r\n[ 1 , 2 ] } \n', '{"a":[1,2]}'],
    [
      'the place of the first of equal keys and the value of the last',
      '{"a":1,"b":2,"a":{"x":3}}',
      '{"a":{"x":3},"b":2}',
    ],
    ['escapes', '"\\u00e9\\/\\ud83d\\ude00\\n"', '"é/😀\\n"'],
    ['a byte order mark', '\uFEFF{"a":1}', '{"a":1}'],
  ];
  for (const [name, text, expected] of changed) {
    it(`reads ${name}`, () => {
      assert.equal(roundTrip(text), expected);
    });
  }

  const broken = [
    '',
    ' ',
    'secret',
    '{"a":1} x',
    '{"a":1}{"b":2}',
    "{'a':1}",
    '[1,]',
    '01',
    '.5',
    '+1',
    '1.',
    'NaN',
    '"\t"',
    '{"a"',
    '[1 2]',
    '\uFEFF\uFEFF1',
  ];
  for (const text of broken) {
    it(`refuses ${JSON.stringify(text)} without repeating it`, () => {
      assert.throws(
        () => parseJson(text),
        (error) => error instanceof JsonFailure && error.message === 'is not JSON' && error.cause === undefined,
      );
    });
  }

  it('refuses 32,000 nested arrays and objects', () => {
    const deep = { name: 'JsonFailure', message: 'is nested deeper than 500 levels' };
    assert.throws(() => parseJson('['.repeat(32_000) + ']'.repeat(32_000)), deep);
    assert.throws(() => parseJson('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)), deep);
    assert.throws(() => parseJson('['.repeat(64_000)), { name: 'JsonFailure', message: 'is not JSON' });
  });

  it('reads 64 KiB of any shape in well under a tenth of a second', () => {
    for (const text of [
      `[${'1,'.repeat(32_000)}1]`,
      `"${'\\"'.repeat(32_000)}"`,
      `"${'\\\\'.repeat(32_000)}"`,
      `[${' '.repeat(64_000)}]`,
    ]) {
      const start = performance.now();
      parseJson(text);
      assert.ok(performance.now() - start < 500);
    }
  });

  it('reads and writes whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (json, space) => {
        const value: unknown = JSON.parse(json);
        assert.deepEqual(JSON.parse(roundTrip(JSON.stringify(value, null, space))), value);
      }),
    );
  });

  it('agrees with JSON.parse on what is JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '1',
      '-',
      '.5',
      'e1',
      'true',
      'null',
      '\\',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          assert.throws(() => parseJson(text), JsonFailure);
          return;
        }
        assert.deepEqual(JSON.parse(roundTrip(text)), expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('stops at the limit, which counts UTF-8 bytes', () => {
    assert.equal(writeJson('éé', 6), '"éé"');
    assert.throws(() => writeJson('éé', 5), { name: 'ExpressionFailure', message: 'gives more than 5 bytes' });
    let shared = parseJson('["x"]');
    for (let level = 0; level < 60; level += 1) shared = [shared, shared];
    assert.throws(() => writeJson(shared, 65_536), ExpressionFailure);
  });
});
