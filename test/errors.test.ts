import assert from 'node:assert/strict';
import fc from 'fast-check';
import { combineErrors, describeError, ProviderError, quote, quoteLimit } from '../src/errors.js';

describe('combineErrors', () => {
  it('returns a single error as it is', () => {
    const error = new ProviderError('role_missing', 'a');
    assert.equal(combineErrors([error]), error);
  });

  it('lists all messages in the given order under the first code', () => {
    const one = new ProviderError('access_denied', 'first', { requestIds: ['r1'] });
    const two = new ProviderError('object_not_found', 'second', { requestIds: ['r2'] });
    const combined = combineErrors([one, two]);
    assert.equal(combined.code, 'access_denied');
    assert.equal(combined.message, 'first; second');
    assert.deepEqual(combined.requestIds, ['r1', 'r2']);
    assert.deepEqual(combined.cause, [one, two]);
  });

  it('says the same thing only once', () => {
    const errors = [
      new ProviderError('aws_unavailable', 'no answer'),
      new ProviderError('aws_unavailable', 'no answer'),
    ];
    assert.equal(combineErrors(errors).message, 'no answer');
  });

  it('throws a TypeError for an empty list', () => {
    assert.throws(() => combineErrors([]), TypeError);
  });
});

describe('quote', () => {
  const cases: readonly [string, string, string][] = [
    ['plain text', 'db/password', '"db/password"'],
    ['a double quote', 'a"b', '"a\\"b"'],
    ['a line feed', 'a\nb', '"a\\x0ab"'],
    ['an escape sequence of a terminal', '\u001b[2J', '"\\x1b[2J"'],
    ['a right-to-left override', '\u202egnp', '"\\u{202e}gnp"'],
    ['a line separator', 'a\u2028b', '"a\\u{2028}b"'],
  ];
  for (const [name, text, expected] of cases) {
    it(`shows ${name} as ${expected}`, () => {
      assert.equal(quote(text), expected);
    });
  }

  it('cuts at the limit and says so', () => {
    assert.equal(quote('x'.repeat(quoteLimit + 1)), `"${'x'.repeat(quoteLimit)}…"`);
  });

  it('never lets a control character or a lone surrogate through', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
        (text) => {
          assert.doesNotMatch(quote(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        },
      ),
    );
  });
});

describe('describeError', () => {
  it('returns the message of an error and the kind of anything else', () => {
    assert.equal(describeError(new Error('broken')), 'broken');
    assert.equal(describeError('a token, perhaps'), 'string');
  });
});
