import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';
import { Secret } from '../src/secret.js';

describe('Secret', () => {
  const secret = new Secret('canary');

  it('shows itself as redacted wherever it is printed', () => {
    const printed = [
      String(secret),
      secret.toString(),
      JSON.stringify({ secret }),
      inspect({ deep: { secret } }, { depth: 9, showHidden: true }),
      format('%s %o %O %j', secret, secret, secret, secret),
      JSON.stringify(Object.entries(secret)),
      JSON.stringify(structuredClone(secret)),
    ].join(' ');
    assert.doesNotMatch(printed, /canary/);
    assert.match(printed, /<redacted>/);
    assert.doesNotMatch(printed, new RegExp(Buffer.from('canary').toString('base64').slice(0, 6)));
  });

  it('gives its bytes and its text only when asked', () => {
    assert.deepEqual(secret.reveal(), Buffer.from('canary'));
    assert.equal(secret.revealText(), 'canary');
    assert.equal(secret.byteLength, 6);
  });

  it('keeps bytes that are no text', () => {
    const bytes = Uint8Array.from([0, 255, 128, 10]);
    assert.deepEqual([...new Secret(bytes).reveal()], [0, 255, 128, 10]);
  });

  it('compares by content', () => {
    assert.equal(secret.equals(new Secret('canary')), true);
    assert.equal(secret.equals(new Secret('canarz')), false);
  });

  it('keeps no memory beside its own bytes', () => {
    assert.equal(new Secret('a short one').reveal().buffer.byteLength, 11);
    assert.equal(new Secret('ä€😀').reveal().buffer.byteLength, 9);
  });
});
