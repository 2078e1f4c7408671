/** Who waits for a call hears of each wait, whenever it comes and goes. */
import assert from 'node:assert/strict';
import type { WaitKind } from '../../../src/mount/ports.js';
import { Party } from '../../../src/provider/calls/party.js';
import { testContext } from '../../support/contexts.js';

describe('Party', () => {
  const memberOf = (holdsBytes = false) => {
    const context = testContext();
    return { holdsBytes, waits: context.waits, startWait: (kind: WaitKind) => context.startWait(kind) };
  };

  it('tells each member that it waits, also one that comes when the wait goes on, until the wait ends', () => {
    const [first, late, after] = [memberOf(), memberOf(), memberOf()];
    const party = new Party(first);
    const end = party.startWait('throttling');
    party.join(late);
    for (const { waits } of [first, late]) assert.deepEqual(waits.throttling, { begun: 1, goingOn: 1 });
    end();
    party.join(after);
    for (const { waits } of [first, late]) assert.deepEqual(waits.throttling, { begun: 1, goingOn: 0 });
    assert.deepEqual(after.waits.throttling, { begun: 0, goingOn: 0 });
  });

  it('ends the waits of a member that leaves, and only those', () => {
    const [leaver, stayer] = [memberOf(), memberOf()];
    const party = new Party(leaver);
    party.join(stayer);
    const ends = [party.startWait('turn'), party.startWait('throttling')];
    party.leave(leaver);
    assert.deepEqual([leaver.waits.turn.goingOn, leaver.waits.throttling.goingOn], [0, 0]);
    assert.deepEqual([stayer.waits.turn.goingOn, stayer.waits.throttling.goingOn], [1, 1]);
    for (const end of ends) end();
    // Each wait of the one that left has ended once.
    assert.deepEqual([leaver.waits.turn.goingOn, leaver.waits.throttling.goingOn], [0, 0]);
    assert.equal(stayer.waits.turn.goingOn, 0);
  });

  it('keeps a member that is in it twice until it has left twice, and tells it once', () => {
    const member = memberOf();
    const party = new Party(member);
    party.join(member);
    const end = party.startWait('turn');
    assert.equal(member.waits.turn.begun, 1);
    party.leave(member);
    assert.ok(party.includes(member));
    assert.equal(member.waits.turn.goingOn, 1);
    end();
    party.leave(member);
    assert.ok(!party.includes(member));
  });

  it('holds bytes when any member does', () => {
    const [empty, holder] = [memberOf(), memberOf(true)];
    const party = new Party(empty);
    assert.equal(party.holdsBytes, false);
    party.join(holder);
    assert.equal(party.holdsBytes, true);
    party.leave(holder);
    assert.equal(party.holdsBytes, false);
  });
});
