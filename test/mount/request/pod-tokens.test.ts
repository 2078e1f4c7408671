import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { parseTokens, tokensKey } from '../../../src/mount/request/pod-tokens.js';
import { refuses } from '../../support/requests.js';

const canary = 'eyJhbGciOi.canary.c2ln';
const tokens = JSON.stringify({ 'sts.amazonaws.com': { token: canary, expirationTimestamp: '2030-01-02T03:04:05Z' } });
const tail = ': the CSI driver sent a request that this provider cannot read';

describe('parseTokens', () => {
  it('returns each token with its expiry, by audience', () => {
    const token = parseTokens(tokens, 'null').get('sts.amazonaws.com');
    assert.equal(token?.token.revealText(), canary);
    assert.deepEqual(token.expiresAt, new Date('2030-01-02T03:04:05Z'));
  });

  it('shows no token when it is printed', () => {
    const parsed = parseTokens(tokens, 'null');
    assert.ok(!inspect(parsed, { depth: 9 }).includes(canary));
    assert.ok(!JSON.stringify([...parsed]).includes(canary));
  });

  it('leaves out an expiry that is none', () => {
    for (const expirationTimestamp of [undefined, null, 5, 'tomorrow', '']) {
      const parsed = parseTokens(JSON.stringify({ a: { token: 't', expirationTimestamp } }), '');
      assert.equal('expiresAt' in (parsed.get('a') ?? {}), false);
    }
  });

  it('takes those of the attribute before those of secrets, which then may be anything', () => {
    const secrets = JSON.stringify({ [tokensKey]: JSON.stringify({ other: { token: 'x' } }) });
    assert.deepEqual([...parseTokens(tokens, secrets).keys()], ['sts.amazonaws.com']);
    assert.deepEqual([...parseTokens(tokens, '{broken').keys()], ['sts.amazonaws.com']);
    assert.deepEqual([...parseTokens('', secrets).keys()], ['other']);
    assert.deepEqual([...parseTokens(undefined, secrets).keys()], ['other']);
  });

  for (const secrets of [
    '',
    'null',
    '{}',
    ' null ',
    '{"other": "x"}',
    `{"${tokensKey}": null}`,
    `{"${tokensKey}": ""}`,
  ]) {
    it(`returns none for secrets ${JSON.stringify(secrets)}`, () => {
      assert.equal(parseTokens(undefined, secrets).size, 0);
    });
  }

  it('takes an audience with the name of a JavaScript property for an audience', () => {
    const parsed = parseTokens('{"__proto__": {"token": "t"}}', 'null');
    assert.equal(parsed.get('__proto__')?.token.revealText(), 't');
    assert.equal(parsed.get('constructor'), undefined);
  });

  for (const text of [canary, `"${canary}"`, `["${canary}"]`, `{"a": {"token": "${canary}"`]) {
    it(`refuses ${text.replace(canary, 'TOKEN')} as tokens, quoting nothing`, () => {
      refuses('invalid_request', `the attribute ${tokensKey} is not a JSON object${tail}`, () =>
        parseTokens(text, 'null'),
      );
    });
  }

  for (const entry of [`"${canary}"`, 'null', '{}', '{"token": 5}', '{"token": ""}', `{"Token": "${canary}"}`]) {
    it(`refuses ${entry.replace(canary, 'TOKEN')} as the entry of an audience`, () => {
      refuses('invalid_request', `the attribute ${tokensKey} holds an audience without a token${tail}`, () =>
        parseTokens(`{"a": ${entry}}`, 'null'),
      );
    });
  }

  it('refuses secrets that are no JSON object, or hold tokens that are not text', () => {
    const broken = `{"${tokensKey}": "${canary}`;
    refuses('invalid_request', `the field secrets is not a JSON object${tail}`, () => parseTokens(undefined, broken));
    const object = `{"${tokensKey}": {"a": "${canary}"}}`;
    refuses('invalid_request', `${tokensKey} in the field secrets is not text${tail}`, () =>
      parseTokens(undefined, object),
    );
  });
});
