/** The role session name: readable where it fits, legal and distinct always. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sessionName } from '../../src/auth/session-name.js';
import { pod } from '../support/identity-servers.js';

const legal = /^[\w+=,.@-]{2,64}$/;

describe('the session name', () => {
  it('tells namespace, service account and pod', () => {
    assert.equal(sessionName(pod), 'shop.web.web-0');
  });

  it('keeps a piece of each when they are too long, and ends with a hash', () => {
    const long = { ...pod, namespace: 'team-payments', serviceAccount: 'checkout', name: `checkout-${'x'.repeat(60)}` };
    const name = sessionName(long);
    assert.match(name, /^team-payments\.checkout\.checkout-x+-[0-9a-f]{8}$/);
    assert.equal(name.length, 64);
    assert.notEqual(name, sessionName({ ...long, name: `${long.name}y` }));
  });

  it('replaces what STS does not take', () => {
    assert.equal(sessionName({ ...pod, name: 'ä/b c' }), 'shop.web.--b-c');
  });

  it('is legal for every pod', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(text, text, text, (namespace, serviceAccount, name) => {
        assert.match(sessionName({ ...pod, namespace, serviceAccount, name }), legal);
      }),
    );
  });
});
