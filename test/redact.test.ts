/** What a server repeats is not shown. */
import assert from 'node:assert/strict';
import { redact, requestIdOf } from '../src/redact.js';

describe('redacting what servers say', () => {
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL28ifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ';
  const session = 'IQoJb3JpZ2luX2VjE/+8Z==';

  it('replaces secrets whole, encoded for a URL, and by their dotted parts', () => {
    assert.equal(redact(`x-amz-security-token:${session}\nhost`, [session]), 'x-amz-security-token:<redacted>\nhost');
    assert.equal(redact(`t=${encodeURIComponent(session)}`, [session]), 't=<redacted>');
    assert.equal(redact(`signature ${jwt.split('.')[2] ?? ''}`, [jwt]), 'signature <redacted>');
  });

  it('replaces tokens that nobody told it of, and what a cut left of them', () => {
    assert.equal(redact(`Value '${jwt}' failed`, []), "Value '<redacted>' failed");
    assert.equal(redact(`Value '${jwt.slice(0, 30)}`, []), "Value '<redacted>");
  });

  it('leaves other text as it is, with no secret and with an empty one', () => {
    assert.equal(redact('access denied for app', ['']), 'access denied for app');
    assert.equal(redact('$& and $1', []), '$& and $1');
  });

  it('takes for a request id only what looks like one', () => {
    assert.equal(requestIdOf('0b7f3a52-1111-2222-3333-444455556666'), '0b7f3a52-1111-2222-3333-444455556666');
    for (const other of [undefined, '', jwt, session, 'a'.repeat(65), 'line\nbreak-in-it']) {
      assert.equal(requestIdOf(other), undefined);
    }
  });
});
