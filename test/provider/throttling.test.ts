/** A call that AWS throttles goes on for the time of its mount, one pace for all, and says what it waits for. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { awsCalls, undeliveredBytes } from '../../src/budgets.js';
import { ProviderError } from '../../src/errors.js';
import type { MountContext } from '../../src/mount/ports.js';
import { Secret } from '../../src/secret.js';
import { awsError, ok, startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint.js';
import { testContext } from '../support/contexts.js';
import {
  failoverItem,
  fakeIdentity,
  items,
  parameter,
  primaryRegion,
  secret,
  sourceAt,
} from '../support/provider-fakes.js';

const value = () => ok({ SecretString: 'value', VersionId: 'a'.repeat(32) });
const throttling = () => awsError(400, 'ThrottlingException');

describe('throttling', () => {
  let endpoint: AwsEndpoint;
  afterEach(() => endpoint.stop());

  it('is waited out: more often than a call is tried otherwise, and the log line can say so', async () => {
    let throttled = 0;
    endpoint = await startAwsEndpoint(() => ((throttled += 1) <= 4 ? throttling() : value()));
    const context = testContext();
    const objects = await sourceAt(endpoint).fetch(items(secret('a')), fakeIdentity(), context);
    assert.equal(objects.length, 1);
    assert.equal(context.counts.aws, 5);
    assert.ok(context.waits.throttling.begun > 0);
    assert.equal(context.waits.throttling.goingOn, 0);
  }).timeout(30_000);

  it('holds up nothing that AWS does not throttle', async () => {
    endpoint = await startAwsEndpoint(({ action }) => (action === 'GetParameters' ? throttling() : value()));
    const source = sourceAt(endpoint);
    // All of one namespace, and more than it may have calls under way.
    const throttled = Array.from({ length: awsCalls }, (_, index) => {
      const context = testContext();
      const identity = fakeIdentity({ key: `pod ${index}` });
      return { context, mount: source.fetch(items(parameter(`/${index}`)), identity, context) };
    });
    // Pauses of the first second, before there is a pace, are over by then.
    await sleep(3_500);
    const started = performance.now();
    await source.fetch(items(secret('a')), fakeIdentity(), testContext());
    assert.ok(performance.now() - started < 500, `${performance.now() - started} ms`);
    for (const { context, mount } of throttled) {
      assert.ok(context.waits.throttling.begun > 0);
      context.controller.abort(new Error('enough'));
      await assert.rejects(mount, /enough/);
    }
  }).timeout(30_000);

  it('of DescribeSecret is not waited out: the value is fetched', async () => {
    endpoint = await startAwsEndpoint(({ action }) => (action === 'DescribeSecret' ? throttling() : value()));
    const source = sourceAt(endpoint);
    const held = { version: 'v1', value: new Secret('held value') };
    const remount = async (context: MountContext) => {
      const [fetched] = await source.fetch([{ index: 0, primary: secret('a'), held }], fakeIdentity(), context);
      assert.equal(fetched?.value.revealText(), 'value');
    };
    const describing = () => endpoint.requests.filter(({ action }) => action === 'DescribeSecret').length;
    const until = performance.now() + 1500;
    while (performance.now() < until) await remount(testContext());
    // By now it is paced, and nothing is asked at all.
    const before = describing();
    assert.ok(before > 0);
    const context = testContext();
    const started = performance.now();
    await remount(context);
    assert.ok(performance.now() - started < 500);
    assert.equal(describing(), before);
    assert.equal(context.waits.throttling.begun, 0);
  }).timeout(30_000);

  it('counts no bytes of AWS’s answers against others while it is waited out', async () => {
    const long = () => awsError(400, 'ThrottlingException', 'x'.repeat(undeliveredBytes / 10));
    endpoint = await startAwsEndpoint(({ action }) => (action === 'GetParameters' ? long() : value()));
    const source = sourceAt(endpoint);
    const throttled = Array.from({ length: 15 }, (_, index) => {
      const context = testContext();
      const mount = source.fetch(items(parameter(`/${index}`)), fakeIdentity({ key: `pod ${index}` }), context);
      return { context, mount };
    });
    await sleep(3_500);
    const started = performance.now();
    await source.fetch(items(secret('a')), fakeIdentity(), testContext());
    assert.ok(performance.now() - started < 500, `${performance.now() - started} ms`);
    for (const { context, mount } of throttled) {
      context.controller.abort(new Error('enough'));
      await assert.rejects(mount, /enough/);
    }
  }).timeout(30_000);

  it('fails the mount at the end of its time, in words that name the quota', async () => {
    endpoint = await startAwsEndpoint(throttling);
    const context = testContext(3_000);
    await assert.rejects(sourceAt(endpoint).fetch(items(secret('a')), fakeIdentity(), context), (error: unknown) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, 'aws_unavailable');
      assert.match(error.message, /throttles this account \(ThrottlingException.*for as long as this mount had time/);
      assert.match(error.message, /quota of secretsmanager:GetSecretValue/);
      return true;
    });
    assert.ok(context.counts.aws >= 2, String(context.counts.aws));
  });

  it('is told to each mount that shares the call, also to one that joined when it was throttled already', async () => {
    endpoint = await startAwsEndpoint(throttling);
    const source = sourceAt(endpoint);
    const mount = (context: MountContext) =>
      source.fetch(items(secret('a')), fakeIdentity(), context).then(() => 'mounted', String);
    const [first, late] = [testContext(3_000), testContext(3_000)];
    const firstSaid = mount(first);
    while (first.waits.throttling.begun === 0) await sleep(5);
    const lateSaid = mount(late);
    const said = await Promise.all([firstSaid, lateSaid]);
    assert.equal(late.counts.aws, 0);
    assert.ok(late.waits.throttling.begun > 0);
    assert.match(said[0], /throttles this account \(ThrottlingException.*for as long as this mount had time/);
    assert.equal(said[1], said[0]);
  });

  it('of one region is not waited out where another has the value', async () => {
    endpoint = await startAwsEndpoint(({ region }) => (region === primaryRegion ? throttling() : value()));
    const context = testContext();
    const started = performance.now();
    // Long enough to tell it from the few attempts.
    const { fetch } = sourceAt(endpoint, { failoverTimeoutMs: 60_000 });
    const objects = await fetch([failoverItem(secret('a'))], fakeIdentity(), context);
    assert.notEqual(objects[0]?.region, primaryRegion);
    assert.match(context.warnings.join(), /throttles this account/);
    assert.ok(performance.now() - started < 20_000, 'given up after the few attempts');
  }).timeout(30_000);
});
