/** What a call of one mount takes with it: its bytes, its pace, and when it is given up. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../../src/log.js';
import { Paces } from '../../../src/pace.js';
import type { CallOptions } from '../../../src/provider/calls/call.js';
import { AnswerBytes, CallGate, type GatePass } from '../../../src/provider/calls/call-gate.js';
import { JoinableCalls } from '../../../src/provider/calls/joinable-calls.js';
import { Region, type Counted, type RegionCall } from '../../../src/provider/calls/region.js';
import { Party } from '../../../src/provider/calls/party.js';
import { testContext } from '../../support/contexts.js';
import { credentials, fakeIdentity } from '../../support/provider-fakes.js';

const never = new AbortController().signal;

describe('a region of a mount', () => {
  const gateOf = () => new CallGate({ calls: 10, bytes: 1000 });
  const regionOf = (gate: CallGate, options: { readonly accountId?: string; readonly isPatient?: boolean } = {}) => {
    const context = testContext();
    const pass = gate.enter('ns', (kind) => context.startWait(kind));
    const { accountId, isPatient = true } = options;
    const earned = { ...credentials('AKID1'), ...(accountId !== undefined && { accountId }) };
    const region = new Region({
      region: 'us-west-2',
      role: 'primary',
      identity: fakeIdentity({ credentials: () => Promise.resolve(earned) }),
      context,
      gate,
      pass,
      paces: new Paces(silentLogger),
      isPatient,
      callsAtOnce: 10,
      attemptMs: 1000,
    });
    return { region, pass, context };
  };
  const shared = () => new JoinableCalls<Counted<string>>();
  const callOf = (start: RegionCall<string>['start'], rest: Partial<RegionCall<string>> = {}): RegionCall<string> => {
    return { key: ['a'], action: 'ssm:GetParameters', shared: shared(), trace: {}, start, ...rest };
  };
  /** What a call finds in what it is given, while it is under way. */
  const during = async <T>(
    region: Region,
    look: (options: CallOptions) => T,
    rest: Partial<RegionCall<string>> = {},
  ) => {
    const seen: T[] = [];
    const start: RegionCall<string>['start'] = (_, options) => {
      seen.push(look(options));
      return Promise.resolve('value');
    };
    await region.call(callOf(start, rest));
    return seen;
  };
  const fill = (gate: CallGate, pass: GatePass) => {
    const answer = new AnswerBytes(gate);
    answer.add(1000);
    pass.hold(answer);
  };

  it('counts the bytes of an answer until the mount ends, and none that came for a mount that is gone', async () => {
    const gate = gateOf();
    const staying = regionOf(gate);
    const arrive: RegionCall<string>['start'] = (_, { onBytes }) => {
      onBytes(10);
      return Promise.resolve('value');
    };
    await staying.region.call(callOf(arrive));
    await sleep(1);
    assert.equal(gate.bytes, 10);
    staying.pass.end();
    assert.equal(gate.bytes, 0);

    const leaving = regionOf(gate);
    let finish = (): void => undefined;
    const late: RegionCall<string>['start'] = async (_, { onBytes }) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      onBytes(10);
      return 'value';
    };
    const left = assert.rejects(leaving.region.call(callOf(late)), /gone/);
    await sleep(1);
    leaving.context.controller.abort(new Error('gone'));
    await left;
    finish();
    await sleep(1);
    leaving.pass.end();
    assert.equal(gate.bytes, 0);
  });

  it('gives up a call that another can replace, once AWS throttles its API, and has it wait for no place of such calls', async () => {
    const gate = new CallGate({ calls: 2, bytes: 1000, ownCalls: 0 });
    const { region, pass } = regionOf(gate);
    const paces: CallOptions['paced']['pace'][] = [];
    await region.call(
      callOf((_, { paced }) => {
        paces.push(paced.pace);
        return Promise.resolve('value');
      }),
    );
    const [pace] = paces;
    assert.ok(pace);
    // Its namespace has no ordinary place, and no other, for the moment.
    const ends: (() => void)[] = [];
    const other = (isThrottled: boolean) =>
      gate.run(
        { owner: 'ns', region: 'us-west-2', party: new Party(pass), isThrottled: () => isThrottled },
        never,
        () => {
          return new Promise<void>((resolve) => ends.push(resolve));
        },
      );
    const others = [other(false), other(true)];
    const paced = async (_: unknown, { paced: { waiting } }: CallOptions) => {
      waiting();
      return Promise.resolve('value');
    };
    const refused = assert.rejects(region.call(callOf(paced, { dispensable: true })), { kind: 'throttled' });
    await sleep(1);
    pace.isSlow = () => true;
    ends[0]?.();
    await refused;
    await assert.rejects(region.call(callOf(paced, { dispensable: true })), { kind: 'throttled' });
    ends[1]?.();
    await Promise.all(others);
  });

  it('shares no call of a mount that waits while AWS throttles with one that does not', async () => {
    const gate = gateOf();
    const calls = shared();
    let started = 0;
    const start: RegionCall<string>['start'] = async () => {
      started += 1;
      await sleep(1);
      return 'value';
    };
    const call = callOf(start, { shared: calls });
    const regions = [true, true, false].map((isPatient) => regionOf(gate, { isPatient }).region);
    await Promise.all(regions.map((region) => region.call(call)));
    assert.equal(started, 2);
  });

  it('lets a call go on that waits for bytes, when the mount that may go on joins it', async () => {
    const gate = gateOf();
    const [oldest, young] = [regionOf(gate), regionOf(gate)];
    fill(gate, oldest.pass);
    const call = callOf(() => Promise.resolve('value'));
    const first = young.region.call(call);
    await sleep(1);
    assert.equal(young.context.waits.turn.goingOn, 1);
    assert.equal(await oldest.region.call(call), 'value');
    assert.equal(await first, 'value');
  });

  it('has the pace of its account, action and region; of its principal where the account is not known', async () => {
    const api = (options: Parameters<typeof regionOf>[1]) =>
      during(regionOf(gateOf(), options).region, ({ paced }) => paced.pace.api);
    const common = { action: 'ssm:GetParameters', region: 'us-west-2' };
    assert.deepEqual(await api({ accountId: '111122223333' }), [{ ...common, account: '111122223333' }]);
    assert.deepEqual(await api({}), [{ ...common, account: 'AKID' }]);
  });

  it('stays on a throttled call, unless another can take its place or the mount holds what others need', async () => {
    const gate = gateOf();
    const staysOn = (region: Region, rest: Partial<RegionCall<string>> = {}) =>
      during(region, ({ paced }) => paced.staysOn(), rest);
    const { region, pass } = regionOf(gate);
    assert.deepEqual(await staysOn(region), [true]);
    assert.deepEqual(await staysOn(region, { dispensable: true }), [false]);
    assert.deepEqual(await staysOn(regionOf(gate, { isPatient: false }).region), [false]);
    fill(gate, pass);
    assert.deepEqual(await staysOn(region), [false]);
  });
});
