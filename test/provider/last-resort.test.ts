/** What kept values are good for while AWS cannot be reached (`--serve-stale-for`). */
import assert from 'node:assert/strict';
import { ProviderError } from '../../src/errors.js';
import type { FetchOrder } from '../../src/mount/ports.js';
import { awsError, ok } from '../support/aws-endpoint.js';
import { testContext, type TestContext } from '../support/contexts.js';
import { a1, hour, KeptValuesScene, second } from '../support/kept-values-scene.js';
import { failoverItem, fakeIdentity, items, parameter, secret } from '../support/provider-fakes.js';

describe('values that are kept, when AWS cannot be reached', () => {
  let scene: KeptValuesScene;
  beforeEach(async () => {
    scene = await KeptValuesScene.start();
  });
  afterEach(() => scene.stop());

  const lost = () => 'reset' as const;
  const stale = { staleMs: 600 * second };
  const serves = async (context: TestContext, given: Partial<FetchOrder> = {}, options = stale) => {
    const set = scene.setUp(options);
    await set.mount('one', given);
    scene.valueAnswer = lost;
    scene.now = 120 * second;
    return set.mount('two', given, context);
  };

  it('start no pod unless the operator allows it', async () => {
    await assert.rejects(serves(testContext(), {}, { staleMs: 0 }), { code: 'aws_unavailable' });
  });

  it('start no pod without that, however young they are', async () => {
    const { mount } = scene.setUp({ staleMs: 0 });
    await mount('one');
    scene.valueAnswer = lost;
    scene.now = second;
    await assert.rejects(mount('two'), { code: 'aws_unavailable' });
  });

  it('are fetched anew after an hour all the same', async () => {
    const { mount, calls } = scene.setUp({ staleMs: 2 * hour });
    await mount('one');
    calls();
    scene.now = hour;
    await mount('one');
    assert.deepEqual(calls(), ['GetSecretValue']);
  });

  it('start a pod for the time that is allowed, with a warning that says how old they are', async () => {
    const context = testContext();
    assert.deepEqual(await serves(context), [a1]);
    assert.equal(context.warnings.length, 1);
    assert.match(
      context.warnings[0] ?? '',
      /^objects\[0\] "a": served from memory as us-west-2 gave it 120 s ago \(--serve-stale-for\): .*us-west-2/,
    );
  });

  it('start no pod after that time', async () => {
    const { mount } = scene.setUp(stale);
    await mount('one');
    scene.valueAnswer = lost;
    scene.now = 660 * second;
    await assert.rejects(mount('two'), { code: 'aws_unavailable' });
  });

  it('are not given to a mounted volume, which keeps its files', async () => {
    const { mount } = scene.setUp(stale);
    await mount('one');
    scene.valueAnswer = lost;
    scene.describeAnswer = lost;
    scene.now = 120 * second;
    await assert.rejects(mount('one'), { code: 'aws_unavailable' });
  });

  it('are not given where AWS refuses, nor later, for a refusal takes them out of the memory', async () => {
    const { mount } = scene.setUp(stale);
    await mount('one');
    scene.now = 120 * second;
    scene.valueAnswer = () => awsError(400, 'AccessDeniedException');
    await assert.rejects(mount('two'), { code: 'access_denied' });
    scene.valueAnswer = lost;
    await assert.rejects(mount('two'), { code: 'aws_unavailable' });
  });

  it('are not given to an identity whose token AWS has not accepted, though its key is the same', async () => {
    const { mount } = scene.setUp(stale);
    await mount('one');
    scene.now = 120 * second;
    const down = new ProviderError('identity_unavailable', 'no STS');
    const identity = fakeIdentity({ credentials: () => Promise.reject(down) });
    await assert.rejects(mount('two', { identity }), { code: 'identity_unavailable' });
    scene.valueAnswer = lost;
    assert.deepEqual(await mount('two'), [a1]);
  });

  it('are not given once AWS had no such object any more', async () => {
    const { mount } = scene.setUp(stale);
    const orders = [{ items: items(secret('a')) }, { items: items(parameter('p')) }];
    for (const [volume, order] of orders.entries()) await mount(String(volume), order);
    const missing = () => awsError(400, 'ResourceNotFoundException');
    scene.describeAnswer = missing;
    scene.valueAnswer = lost;
    scene.parameterAnswer = () => ok({ Parameters: [], InvalidParameters: ['p'] });
    scene.now = 120 * second;
    // The volume that is mounted hears of it, of the secret by DescribeSecret alone.
    for (const [volume, order] of orders.entries()) await assert.rejects(mount(String(volume), order), /no such/);
    scene.parameterAnswer = lost;
    for (const order of orders) await assert.rejects(mount('new', order), { code: 'aws_unavailable' });
  });

  it('are not given from the second region where the first one refuses', async () => {
    const { mount } = scene.setUp(stale);
    const order = { items: [failoverItem(secret('a'))] };
    await mount('one', order);
    scene.now = 120 * second;
    scene.valueAnswer = ({ region }) => (region === 'us-west-2' ? awsError(400, 'AccessDeniedException') : 'reset');
    await assert.rejects(mount('two', order), { code: 'access_denied' });
  });

  it('of parameters are not given once a call for them was denied', async () => {
    const { mount } = scene.setUp(stale);
    const order = { items: items(parameter('p')) };
    await mount('one', order);
    scene.now = 120 * second;
    scene.parameterAnswer = () => awsError(400, 'AccessDeniedException');
    await assert.rejects(mount('two', order), { code: 'access_denied' });
    scene.parameterAnswer = lost;
    await assert.rejects(mount('two', order), { code: 'aws_unavailable' });
  });

  it('come from the failover region when the primary never gave one', async () => {
    const { mount } = scene.setUp(stale);
    scene.valueAnswer = ({ region }) =>
      region === 'us-west-2' ? 'reset' : ok({ VersionId: 'v1', SecretString: 'second' });
    const order = { items: [failoverItem(secret('a'))] };
    assert.deepEqual(await mount('one', order), ['second']);
    scene.valueAnswer = lost;
    scene.now = 120 * second;
    assert.deepEqual(await mount('two', order), ['second']);
  });
});
