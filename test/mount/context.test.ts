import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderError } from '../../src/errors.js';
import { mountBudget, startMountContext } from '../../src/mount/context.js';

describe('mountBudget', () => {
  const cases: readonly [string, number | undefined, number][] = [
    ['no deadline', undefined, 90_000],
    ['an infinite deadline', Infinity, 90_000],
    ['kubelet’s two minutes', 120_000, 90_000],
    ['ten seconds', 10_000, 8_000],
    ['a deadline that has passed', -5, 0],
  ];
  for (const [name, deadlineMs, expected] of cases) {
    it(`gives ${String(expected)} ms for ${name}`, () => {
      assert.equal(mountBudget(deadlineMs), expected);
    });
  }
});

describe('startMountContext', () => {
  it('fires its signal with `timed_out` well before the caller’s deadline', async () => {
    const { context, end } = startMountContext({ deadlineMs: 50 });
    const left = context.timeLeftMs();
    assert.ok(left > 0 && left <= 40, `time left ${String(left)}`);
    // A busy machine takes its time for timers.
    for (let waits = 0; waits < 500 && !context.signal.aborted; waits += 1) await sleep(10);
    assert.equal(context.signal.aborted, true);
    assert.ok(context.signal.reason instanceof ProviderError);
    assert.equal(context.signal.reason.code, 'timed_out');
    assert.match(context.signal.reason.message, /not finished within 40 ms/);
    assert.equal(context.timeLeftMs(), 0);
    end();
  });

  it('counts the time of several waits at once only once, and of those that go on until the end', async () => {
    const { context, end } = startMountContext();
    const stops = [context.startWait('turn'), context.startWait('turn')];
    await sleep(60);
    for (const stop of stops) stop();
    for (const stop of stops) stop();
    context.startWait('throttling');
    await sleep(60);
    const { waitedMs, throttledMs, durationMs } = end();
    assert.ok(Number(waitedMs) >= 55 && Number(throttledMs) >= 55, `${String(waitedMs)} and ${String(throttledMs)}`);
    assert.ok(Number(waitedMs) + Number(throttledMs) <= Number(durationMs) + 1, String(durationMs));
  });

  it('says nothing of waits where there were none', () => {
    const { context, end } = startMountContext();
    context.startWait('turn')();
    const { waitedMs, throttledMs } = end();
    assert.deepEqual({ waitedMs, throttledMs }, { waitedMs: undefined, throttledMs: undefined });
  });

  it('keeps the first reason to stop', () => {
    const { context, stop, end } = startMountContext();
    stop(new ProviderError('cancelled', 'one'));
    stop(new ProviderError('stopping', 'two'));
    assert.equal((context.signal.reason as ProviderError).code, 'cancelled');
    end();
  });

  it('never fires after its end', async () => {
    const { context, end } = startMountContext({ deadlineMs: 20 });
    end();
    await sleep(40);
    assert.equal(context.signal.aborted, false);
  });

  it('gives notes, counts, warnings and the time taken', () => {
    const { context, end } = startMountContext();
    context.note({ namespace: 'a', region: 'eu-west-1' });
    context.note({ region: 'eu-west-2' });
    context.count('aws');
    context.count('aws');
    context.count('sts');
    context.warn('one');
    context.warn('one');
    context.warn('two');
    const fields = end();
    assert.equal(fields['namespace'], 'a');
    assert.equal(fields['region'], 'eu-west-2');
    assert.equal(fields['awsCalls'], 2);
    assert.equal(fields['stsCalls'], 1);
    assert.equal(fields['kubernetesCalls'], 0);
    assert.deepEqual(fields['warnings'], ['one', 'two']);
    assert.equal(typeof fields['durationMs'], 'number');
  });

  it('bounds the number of warnings and says how many are left out', () => {
    const { context, end } = startMountContext();
    for (let index = 0; index < 50; index += 1) context.warn(`warning ${String(index)}`);
    const warnings = end()['warnings'] as string[];
    assert.equal(warnings.length, 21);
    assert.equal(warnings[20], 'and 30 more');
  });

  it('runs what was left for after the answer once, and at once what comes later', () => {
    const { context, answered } = startMountContext();
    const done: string[] = [];
    context.afterAnswer(() => done.push('first'));
    assert.equal(done.length, 0);
    answered();
    answered();
    context.afterAnswer(() => done.push('late'));
    assert.deepEqual(done, ['first', 'late']);
  });
});
