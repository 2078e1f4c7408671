import assert from 'node:assert/strict';
import { yaml11Text } from '../../../src/mount/request/yaml-1-1.js';

describe('yaml11Text', () => {
  for (const [written, read] of [
    ['017', '15'],
    ['0123', '83'],
    ['0400', '256'],
    ['0o17', '15'],
    ['0x1F', '31'],
    ['0b11', '3'],
    ['1_000', '1000'],
    ['+5', '5'],
    ['-0', '0'],
    ['08', '8'],
    ['00', '0'],
    ['012345678901', '1.2345679e+10'],
    ['1.10', '1.1'],
    ['1.', '1'],
    ['.5', '0.5'],
    ['1e3', '1000'],
    ['1000000.0', '1e+06'],
    ['0.00001', '1e-05'],
    ['-0.0', '-0'],
    ['1e39', '+Inf'],
    ['123456789012345678901', '1.2345679e+20'],
    ['yes', 'true'],
    ['No', 'false'],
    ['ON', 'true'],
    ['off', 'false'],
    ['y', 'true'],
    ['N', 'false'],
    ['True', 'true'],
    ['FALSE', 'false'],
    ['.inf', '+Inf'],
    ['-.Inf', '-Inf'],
    ['.NaN', 'NaN'],
  ] as const) {
    it(`reads ${written} as ${read}`, () => {
      assert.equal(yaml11Text(written), read);
    });
  }

  for (const text of [
    'my-secret',
    '/my/parameter',
    '3',
    '-5',
    '18446744073709551615',
    'true',
    'yEs',
    '2020-01-01',
    '2020-01-01T10:00:00Z',
    '1:30',
    '1e400',
    '0x',
    '0xZZ',
    '1.2.3',
    '111122223333',
    '_1',
    '5'.repeat(1000),
    '+',
    '',
  ]) {
    it(`leaves ${text.slice(0, 30)} as it is`, () => {
      assert.equal(yaml11Text(text), text);
    });
  }
});
