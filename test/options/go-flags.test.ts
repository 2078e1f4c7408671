import assert from 'node:assert/strict';
import { parseGoNumber } from '../../src/options/go-flags.js';

describe('parseGoNumber', () => {
  // What Go's `flag.Int` makes of them, seen by running it: AWS's provider reads --qps and --burst so.
  for (const [text, value] of [
    ['0', 0],
    ['00', 0],
    ['+5', 5],
    ['0x10', 16],
    ['0X1F', 31],
    ['-0x10', -16],
    ['0x_10', 16],
    ['0b101', 5],
    ['0B1', 1],
    ['0o17', 15],
    ['0O7', 7],
    ['017', 15],
    ['010', 8],
    ['-017', -15],
    ['0_17', 15],
    ['1_000', 1000],
    ['0x7fffffff', 2147483647],
  ] as const) {
    it(`reads ${text} as ${value}`, () => {
      assert.equal(parseGoNumber(text), value);
    });
  }

  for (const [text, value] of [
    ['7.5', 7.5],
    ['.5', 0.5],
    ['08.5', 8.5],
    ['1e3', 1000],
    ['-2.5e-1', -0.25],
  ] as const) {
    it(`takes the decimal number ${text} besides`, () => {
      assert.equal(parseGoNumber(text), value);
    });
  }

  const malformed = [
    ...['', '-', '+', '--1', ' 5', '5 ', '5\n', 'many', '٥', '.'],
    ...['08', '09', '0b2', '0o8', '0xg', '0x', '0b', '0x1p4', '1e', 'e3', '1e400'],
    ...['_1', '1_', '0_', '1__0', '0_x1', '0x1_', '-_1', '_0x1', '1_0.5'],
    // No limit is a negative rate; NaN would be a limiter that never lets anybody through.
    ...['Inf', '-inf', 'Infinity', 'NaN', 'nan'],
  ];
  for (const text of malformed) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseGoNumber(text), { name: 'RangeError', message: 'not a number' });
    });
  }
});
