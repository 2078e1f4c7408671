/** Which JMESPath expressions are refused at the door, and which are plain paths. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asPlainPath, checkExpression } from '../../../src/mount/expression/expression.js';

const tooDeep = 'is nested deeper than 32 levels; split it or simplify it';
const invalid = 'is not valid JMESPath';

describe('checkExpression', () => {
  const good = [
    'a',
    'a.b[0].c[-1]',
    '"my-key"."a.b"',
    '@',
    '[0]',
    '*',
    'a.*.b',
    'a[1:-1:2]',
    "a[?b=='c' && !d].e | [0]",
    '{a: b, "c": d}',
    'map(&a, b)',
    "merge(a, b, c) || 'none'",
    'a[?b > `-1`]',
    '`1.10`',
    '`not json 12345678901234567890`',
    "'it\\'s (((((((((((((((((((((((((((((((((((( deep'",
    Array(32).fill('a').join('.'),
    'a'.repeat(1024),
  ];
  for (const expression of good) {
    it(`accepts ${expression.slice(0, 50)}`, () => {
      assert.equal(checkExpression(expression), undefined);
    });
  }

  const bad: readonly (readonly [string, string])[] = [
    ['', 'is empty; write a JMESPath expression'],
    [' \t', 'is empty; write a JMESPath expression'],
    ['a'.repeat(1025), 'is 1025 bytes long; at most 1024 are allowed'],
    [`"${'é'.repeat(512)}"`, 'is 1026 bytes long; at most 1024 are allowed'],
    [Array(33).fill('a').join('.'), tooDeep],
    ['['.repeat(33), tooDeep],
    ['('.repeat(1000), tooDeep],
    ['!'.repeat(1000) + 'a', tooDeep],
    ['& '.repeat(400) + 'a', tooDeep],
    [`${'[@,@] | '.repeat(40)}@`, tooDeep],
    ['a.', `${invalid}: an operand is missing`],
    ['()', `${invalid}: an operand is missing`],
    ['(a', `${invalid}: it ends too early`],
    ['a[*', `${invalid}: it ends too early`],
    ['a = b', invalid],
    ['a b', `${invalid}: Unexpected token type: UnquotedIdentifier, value: b`],
    ['a\u202e', `${invalid}: Unknown character:\\u{202e}`],
    ["a.'b", `${invalid}: a quote is not closed`],
    ['"a', `${invalid}: a quote is not closed`],
    ['"\\x"', `${invalid}: a quoted name or literal in it is not valid JSON`],
    ['my-key.a', `${invalid}: a name with a hyphen must stand in double quotes: "my-name"`],
    ['a[1-2]', `${invalid}: a name with a hyphen must stand in double quotes: "my-name"`],
    ['a[::0]', `${invalid}: the step of a slice is 0`],
    ['a[99999999999999999999]', `${invalid}: an index is not a whole number`],
    ['@(a)', `${invalid}: a function has no name`],
    ['foo(a)', 'calls the unknown function "foo"'],
    ['constructor(a)', 'calls the unknown function "constructor"'],
    ['length(a, b)', 'calls length() with 2 arguments; it takes 1'],
    ['merge()', 'calls merge() with 0 arguments; it takes at least 1'],
    ['a == `12345678901234567890`', 'has a number in a literal that has too many digits and would be rounded'],
    ['a == `{"b": [1e999]}`', 'has a number in a literal that has too many digits and would be rounded'],
  ];
  for (const [expression, fault] of bad) {
    it(`refuses ${JSON.stringify(expression.slice(0, 50))}`, () => {
      assert.equal(checkExpression(expression), fault);
      assert.equal(asPlainPath(expression), undefined);
    });
  }

  it('answers any text with a short fault or none, and never throws', () => {
    const token = fc.constantFrom(...'.[]{}()@*&|!=<>?:,-`\'"\\ab1 '.split(''), '[?', 'length(', '[]', '`1`', 'é');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 200 }), (tokens) => {
        const fault = checkExpression(tokens.join(''));
        assert.ok(fault === undefined || fault.length < 300);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('asPlainPath', () => {
  const paths: readonly (readonly [string, readonly (string | number)[] | undefined])[] = [
    ['a', ['a']],
    ['a.b[0][-1]."c.d"', ['a', 'b', 0, -1, 'c.d']],
    ['[0].a', [0, 'a']],
    ['@', []],
    ['@.a', ['a']],
    ['(a).b', ['a', 'b']],
    ['"__proto__".constructor', ['__proto__', 'constructor']],
    ['a | b', undefined],
    ['a[*]', undefined],
    ['a[0:1]', undefined],
    ['length(a)', undefined],
    ["'a'", undefined],
    ['a || b', undefined],
  ];
  for (const [expression, path] of paths) {
    it(`reads ${expression} as ${path === undefined ? 'no plain path' : 'a plain path'}`, () => {
      assert.deepEqual(asPlainPath(expression), path);
    });
  }
});
