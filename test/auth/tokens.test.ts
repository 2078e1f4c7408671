/** Which token counts, what it claims, and who may share with it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chooseToken, irsaSharing, podIdentitySharing, readClaims } from '../../src/auth/tokens.js';
import type { PodToken } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';
import { claimsOf, jwt, pod, tokensOf } from '../support/identity-servers.js';
import { refuses } from '../support/requests.js';

const expiresAt = new Date('2030-01-01T00:00:00Z');
const earlierStill = new Date('2029-01-01T00:00:00Z');
const choose = (tokens: ReadonlyMap<string, PodToken>) => chooseToken(tokens, 'sts.amazonaws.com', pod);

describe('the token of a mount', () => {
  it('is the one of the audience, with its claims', () => {
    const text = jwt(claimsOf(pod, expiresAt));
    const token = choose(new Map([...tokensOf('other'), ['sts.amazonaws.com', { token: new Secret(text) }]]));
    assert.equal(token.secret.revealText(), text);
    assert.deepEqual(token.claims, {
      issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/CLUSTER',
      expiresAt,
      namespace: 'shop',
      serviceAccount: 'web',
      serviceAccountUid: 'uid-of-shop-web',
      podUid: pod.uid,
    });
    assert.match(token.hash, /^[0-9a-f]{64}$/);
  });

  it('ends at the earlier of its claim and what kubelet said', () => {
    const text = jwt(claimsOf(pod, expiresAt));
    assert.deepEqual(choose(tokensOf(text, earlierStill)).expiresAt, earlierStill);
    assert.deepEqual(choose(tokensOf(text, new Date('2031-01-01T00:00:00Z'))).expiresAt, expiresAt);
    assert.deepEqual(choose(tokensOf(text, 'unknown')).expiresAt, expiresAt);
    assert.deepEqual(choose(tokensOf('opaque', earlierStill)).expiresAt, earlierStill);
    assert.equal(choose(tokensOf('opaque', 'unknown')).expiresAt, undefined);
  });

  it('is missed with the setting that brings it, when the driver sends none', () => {
    refuses(
      'token_missing',
      /audience "sts\.amazonaws\.com" \(the driver sent no token at all\).*tokenRequests.*\{audience: sts\.amazonaws\.com\}, \{audience: pods\.eks\.amazonaws\.com\}/,
      () => choose(new Map()),
    );
  });

  it('is missed with the audiences that are there, quoted and bounded', () => {
    const others = ['vault\n', 'b', 'c', 'd', 'e', 'f', 'g'].map((audience) => [audience, tokensOf('x')] as const);
    const tokens = new Map(others.map(([audience]) => [audience, { token: new Secret('x') }]));
    refuses('token_missing', /found only "vault\\x0a", "b", "c", "d", "e", 2 more\)/, () => choose(tokens));
  });

  it('is missed when it is empty', () => {
    refuses('token_missing', /no service account token/, () => choose(tokensOf('')));
  });

  it('is refused when it could not stand in a header, without being shown', () => {
    refuses('invalid_request', /^(?!.*canary).*holds characters that no service account token has/, () =>
      choose(tokensOf('canary\r\nhost: other')),
    );
  });

  for (const [name, owner] of [
    ['namespace', { ...pod, namespace: 'bank' }],
    ['service account', { ...pod, serviceAccount: 'admin' }],
  ] as const) {
    it(`is refused when its ${name} is not that of the pod`, () => {
      refuses(
        'invalid_request',
        new RegExp(
          `that of service account "${owner.namespace}/${owner.serviceAccount}", but the pod runs as "shop/web"`,
        ),
        () => choose(tokensOf(jwt(claimsOf(owner, expiresAt)))),
      );
    });
  }
});

describe('claims', () => {
  for (const [name, token] of [
    ['an opaque token', 'opaque'],
    ['an empty payload', 'a..c'],
    ['a payload that is no JSON', `a.${Buffer.from('{no').toString('base64url')}.c`],
    ['a payload that is a list', jwt([1])],
    ['fields of other kinds', jwt({ iss: 1, exp: 'soon', 'kubernetes.io': { namespace: {}, pod: 'x' } })],
    ['a time that is none', jwt({ exp: 1e300 })],
    ['null', jwt({ 'kubernetes.io': null, iss: null })],
  ] as const) {
    it(`are none in ${name}`, () => {
      assert.deepEqual(readClaims(token), {});
    });
  }

  it('never throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), (text, json) => {
        readClaims(text);
        readClaims(`a.${Buffer.from(json).toString('base64url')}.c`);
      }),
    );
  });
});

describe('the key of an identity', () => {
  const claims = readClaims(jwt(claimsOf(pod, expiresAt)));
  const role = 'arn:aws:iam::111122223333:role/app';

  it('is equal for pods of one service account and role with IRSA', () => {
    const other = readClaims(jwt(claimsOf({ ...pod, name: 'web-1', uid: 'another' }, expiresAt)));
    assert.equal(irsaSharing(role, claims).key, irsaSharing(role, other).key);
  });

  for (const [name, changed] of [
    ['namespace', { namespace: 'bank' }],
    ['service account', { serviceAccount: 'admin' }],
    ['uid of the service account', { serviceAccountUid: 'made-again' }],
  ] as const) {
    it(`differs with the ${name}`, () => {
      assert.notEqual(irsaSharing(role, claims).key, irsaSharing(role, { ...claims, ...changed }).key);
    });
  }

  it('differs with the role', () => {
    assert.notEqual(irsaSharing(role, claims).key, irsaSharing(`${role}2`, claims).key);
  });

  it('is that of one pod with Pod Identity', () => {
    assert.equal(podIdentitySharing(claims).key, podIdentitySharing({ ...claims }).key);
    assert.notEqual(podIdentitySharing(claims).key, podIdentitySharing({ ...claims, podUid: 'another' }).key);
    assert.notEqual(podIdentitySharing(claims).key, podIdentitySharing({ ...claims, namespace: 'bank' }).key);
    assert.notEqual(podIdentitySharing(claims).key, podIdentitySharing({ ...claims, serviceAccount: 'admin' }).key);
  });

  it('is shared with nobody when a claim is missing', () => {
    for (const missing of ['namespace', 'serviceAccount', 'serviceAccountUid'] as const) {
      const { [missing]: _, ...rest } = claims;
      assert.notEqual(irsaSharing(role, rest).key, irsaSharing(role, rest).key, missing);
    }
    const { podUid: _, ...rest } = claims;
    assert.notEqual(podIdentitySharing(rest).key, podIdentitySharing(rest).key);
  });

  it('cannot be forged by names that hold separators', () => {
    const one = { ...claims, namespace: 'a","b', serviceAccount: 'c' };
    const other = { ...claims, namespace: 'a', serviceAccount: 'b","c' };
    assert.notEqual(irsaSharing(role, one).key, irsaSharing(role, other).key);
  });
});
