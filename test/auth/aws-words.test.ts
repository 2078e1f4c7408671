/** What AWS said, without what must not be repeated. */
import assert from 'node:assert/strict';
import { readAwsWords } from '../../src/auth/aws-words.js';
import { claimsOf, inOneHour, jwt, pod } from '../support/identity-servers.js';

const token = jwt(claimsOf(pod, inOneHour()), 'canary-signature');

describe("AWS's words", () => {
  it('are quoted on one line', () => {
    assert.equal(readAwsWords('Not authorized\n to "assume"\x07', token).text, '"Not authorized to \\"assume\\"\\x07"');
  });

  for (const [name, message] of [
    ['the token', `1 validation error: Value '${token}' at 'webIdentityToken'`],
    ['its signature', 'bad signature canary-signature'],
    ['a token that was cut', `token ${token.slice(0, 60)}`],
    ['the token within the request id', `request id: ${token}`],
  ] as const) {
    it(`do not repeat ${name}`, () => {
      const { text, requestIds } = readAwsWords(message, token);
      assert.match(text, /<redacted>/);
      for (const part of token.split('.')) {
        assert.ok(!text.includes(part.slice(0, 30)) || part.length < 12);
        assert.ok(!requestIds.some((id) => id.includes(part)));
      }
    });
  }

  it('do not repeat a short opaque token', () => {
    assert.equal(readAwsWords("Value 'abc' is bad", 'abc').text, '"Value \'<redacted>\' is bad"');
  });

  it('give request ids apart', () => {
    const id = 'd5a1f8a2-1c6e-4ec9-8cc0-6a0d4f3a1b2c';
    for (const message of [
      `[${id}]: no association`,
      `no association (Request ID: ${id})`,
      `no association RequestId: ${id}`,
    ]) {
      assert.deepEqual(readAwsWords(message, token), { text: '"no association"', requestIds: [id] });
    }
  });

  it('cost bounded time and text', () => {
    const { text } = readAwsWords('request id '.repeat(1_000_000), token);
    assert.ok(text.length < 300);
  });
});
