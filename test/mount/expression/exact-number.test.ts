/** Numbers are compared and added by their digits. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  absolute,
  compareNumbers,
  JsonNumber,
  meanOf,
  sumOf,
  survivesDouble,
  wholeNumber,
} from '../../../src/mount/expression/exact-number.js';

const rounds = 'would round a number: arithmetic keeps about 15 digits; select the number itself';
const of = (text: string) => new JsonNumber(text);
const decimals = fc.tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -6, max: 6 }));

describe('exact numbers', () => {
  const comparisons: readonly (readonly [string, '<' | '=' | '>', string])[] = [
    ['1', '=', '1.0'],
    ['1e3', '=', '1000'],
    ['0.1e-2', '=', '1E-3'],
    ['-0', '=', '0.00'],
    ['0e999999999999', '<', '1'],
    ['9007199254740993', '>', '9007199254740992'],
    ['12345678901234567890', '<', '12345678901234567891'],
    ['-12345678901234567890', '>', '-12345678901234567891'],
    ['0.1', '<', '0.10000000000000000001'],
    ['1e999', '>', '1e998'],
    ['1e-999', '>', '0'],
    ['-1e999', '<', '1e999'],
    ['2', '<', '10'],
  ];
  for (const [a, sign, b] of comparisons) {
    it(`finds ${a} ${sign} ${b}`, () => {
      const expected = { '<': -1, '=': 0, '>': 1 }[sign];
      assert.equal(Math.sign(compareNumbers(of(a), of(b))), expected);
      assert.equal(Math.sign(compareNumbers(of(b), of(a))), expected === 0 ? 0 : -expected);
    });
  }

  it('refuses to compare exponents that are out of all range', () => {
    const message = 'computes with a number whose exponent is too large';
    assert.throws(() => compareNumbers(of('1e9999999999'), of('2e9999999999')), { name: 'ExpressionFailure', message });
  });

  it('tells which numbers survive a double', () => {
    for (const text of ['1.10', '0.1', '1e3', '1e21', '-0', '9007199254740992'])
      assert.equal(survivesDouble(of(text)), true, text);
    for (const text of ['9007199254740993', '0.10000000000000000001', '1e999', '1e-999'])
      assert.equal(survivesDouble(of(text)), false, text);
  });

  it('adds exactly', () => {
    const sums: readonly (readonly [readonly string[], string])[] = [
      [[], '0'],
      [['0.1', '0.2'], '0.3'],
      [['12345678901234567890', '1'], '12345678901234567891'],
      [['1.10', '-1.1'], '0'],
      [['-5', '2'], '-3'],
      [['1e22', '1e22'], '2e+22'],
      [['1.5e-9', '1e-9'], '2.5e-9'],
      [['100', '20.50'], '120.5'],
    ];
    for (const [numbers, sum] of sums) assert.equal(sumOf(numbers.map(of)).text, sum);
    assert.throws(() => sumOf([of('1e9000'), of('1')]), { message: rounds });
  });

  it('takes means that are exact or that come from a double', () => {
    assert.equal(meanOf([of('1'), of('2')]).text, '1.5');
    assert.equal(meanOf([of('0.1'), of('0.2')]).text, '0.15');
    assert.equal(meanOf([of('1'), of('1'), of('2')]).text, '1.3333333333333333');
    assert.equal(meanOf([of('12345678901234567890'), of('12345678901234567892')]).text, '12345678901234567891');
    const message = rounds;
    assert.throws(() => meanOf([of('12345678901234567890'), of('1')]), { name: 'ExpressionFailure', message });
  });

  it('finds whole numbers and absolute values by digits', () => {
    const cases: readonly (readonly [string, string, string, string])[] = [
      ['1.5', '1', '2', '1.5'],
      ['-1.5', '-2', '-1', '1.5'],
      ['-0.5', '-1', '0', '0.5'],
      ['0.001', '0', '1', '0.001'],
      ['1.0', '1.0', '1.0', '1.0'],
      ['12345678901234567890.5', '12345678901234567890', '12345678901234567891', '12345678901234567890.5'],
      ['-12345678901234567890', '-12345678901234567890', '-12345678901234567890', '12345678901234567890'],
    ];
    for (const [text, floor, ceil, abs] of cases) {
      assert.equal(wholeNumber(of(text), 'floor').text, floor, text);
      assert.equal(wholeNumber(of(text), 'ceil').text, ceil, text);
      assert.equal(absolute(of(text)).text, abs, text);
    }
  });

  it('agrees with doubles where these are exact', () => {
    fc.assert(
      fc.property(decimals, decimals, ([a, p], [b, q]) => {
        const [x, y] = [`${a}e${p}`, `${b}e${q}`];
        assert.equal(Math.sign(compareNumbers(of(x), of(y))), Math.sign(Number(x) - Number(y)));
        const exact = Number((Number(x) + Number(y)).toFixed(6));
        assert.ok(Math.abs(Number(sumOf([of(x), of(y)]).text) - exact) <= Math.abs(exact) * 1e-15);
        assert.equal(Number(wholeNumber(of(x), 'floor').text), Math.floor(Number(x)));
      }),
    );
  });
});
