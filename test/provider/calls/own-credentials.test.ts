/** What a mount may do with its credentials in one region: each call gets them, and one refusal renews them for all. */
import assert from 'node:assert/strict';
import { ProviderError } from '../../../src/errors.js';
import { AwsCallError } from '../../../src/provider/aws-errors.js';
import { RegionError } from '../../../src/provider/failure.js';
import { OwnCredentials } from '../../../src/provider/calls/own-credentials.js';
import { testContext } from '../../support/contexts.js';
import { fakeIdentity } from '../../support/provider-fakes.js';

describe("a mount's own credentials", () => {
  const setUp = (identity = fakeIdentity()) => {
    const context = testContext();
    const own = new OwnCredentials({ name: 'us-west-2', display: 'us-west-2', identity }, context);
    return { own, identity, context };
  };
  const expired = new AwsCallError({ kind: 'credentials', code: 'ExpiredTokenException' });
  const ids = (all: readonly { readonly accessKeyId: string }[]) => all.map(({ accessKeyId }) => accessKeyId);

  it('are earned once for all calls, and only then count as accepted', async () => {
    const { own, identity } = setUp();
    assert.equal(own.isAccepted, false);
    assert.deepEqual(ids(await Promise.all([own.get(), own.get()])), ['AKID1', 'AKID1']);
    assert.equal(own.isAccepted, true);
    assert.deepEqual(identity.asked, ['us-west-2']);
  });

  it('are renewed once, though two calls are refused in the same moment', async () => {
    const { own, identity } = setUp();
    const refused = await own.get();
    assert.deepEqual(ids(await Promise.all([own.renewed(refused), own.renewed(refused)])), ['AKID2', 'AKID2']);
    assert.deepEqual([identity.asked.length, identity.dropped], [2, ['AKID1']]);
    assert.deepEqual(ids([await own.renewed(refused), await own.get()]), ['AKID2', 'AKID2']);
    assert.equal(own.isAccepted, true);
  });

  it('are not renewed a second time: a call that was refused with new ones tries those once more', async () => {
    const { own, identity } = setUp();
    const second = await own.renewed(await own.get());
    assert.equal(await own.renewed(second), second);
    assert.equal(identity.asked.length, 2);
  });

  it('end in a refusal when AWS refuses the new ones too, also for calls that come later', async () => {
    const { own, identity } = setUp();
    const refused = await own.get();
    const error = own.refuse(await own.renewed(refused), expired);
    assert.ok(error instanceof RegionError);
    assert.deepEqual([error.failure.code, error.failure.final], ['identity_refused', true]);
    assert.equal(own.isAccepted, false);
    await assert.rejects(own.get(), error);
    await assert.rejects(own.renewed(refused), error);
    assert.deepEqual([identity.asked.length, identity.dropped], [2, ['AKID1', 'AKID2']]);
  });

  it('fail with what the identity failed with, and are not accepted', async () => {
    const denied = new ProviderError('identity_denied', 'the trust policy says no');
    const { own } = setUp(fakeIdentity({ credentials: () => Promise.reject(denied) }));
    await assert.rejects(own.get(), /no credentials in us-west-2: the trust policy says no/);
    assert.equal(own.isAccepted, false);
  });

  it('are given to no mount that was stopped, before or while they were earned', async () => {
    const { own, context } = setUp();
    const reason = new ProviderError('cancelled', 'stopped');
    const early = own.get();
    context.controller.abort(reason);
    await assert.rejects(early, (error) => error instanceof RegionError || error === reason);
    await assert.rejects(own.get(), reason);
  });
});
