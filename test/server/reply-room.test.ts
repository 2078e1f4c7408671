import assert from 'node:assert/strict';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { GarbageBound } from '../../src/garbage.js';
import { ReplyRoom } from '../../src/server/reply-room.js';

describe('ReplyRoom', () => {
  const never = new AbortController().signal;
  const room = (limit: number, garbage?: GarbageBound) => new ReplyRoom(limit, garbage);

  /** Enters, and tells in `order` when it is in. */
  const enter = (into: ReplyRoom, bytes: number, order: number[], signal = never) => {
    const waits = { begun: 0, ended: 0 };
    const left = into.enter(bytes, signal, () => {
      waits.begun += 1;
      return () => {
        waits.ended += 1;
      };
    });
    void left.then(
      () => order.push(bytes),
      () => undefined,
    );
    return { left, waits };
  };

  it('lets answers in, in order, as long as they fit, and the rest once others have left', async () => {
    const replies = room(10);
    const order: number[] = [];
    const first = enter(replies, 6, order);
    const second = enter(replies, 4, order);
    const third = enter(replies, 5, order);
    // It would fit before the third, but has come after it.
    enter(replies, 1, order);
    await turnOfLoop();
    assert.deepEqual(order, [6, 4]);
    assert.equal(replies.bytes, 10);
    assert.deepEqual(
      [first.waits, third.waits],
      [
        { begun: 0, ended: 0 },
        { begun: 1, ended: 0 },
      ],
    );
    (await second.left)();
    await turnOfLoop();
    assert.deepEqual(order, [6, 4]);
    (await first.left)();
    await turnOfLoop();
    assert.deepEqual(order, [6, 4, 5, 1]);
    assert.deepEqual(third.waits, { begun: 1, ended: 1 });
    assert.equal(replies.bytes, 6);
  });

  it('lets in an answer that is larger than the room when it is alone', async () => {
    const replies = room(10);
    const order: number[] = [];
    const small = enter(replies, 1, order);
    const large = enter(replies, 50, order);
    await turnOfLoop();
    assert.deepEqual(order, [1]);
    (await small.left)();
    (await large.left)();
    assert.equal(replies.bytes, 0);
  });

  it('goes on without those who were stopped while they waited', async () => {
    const replies = room(10);
    const order: number[] = [];
    const stop = new AbortController();
    enter(replies, 6, order);
    const stopped = enter(replies, 8, order, stop.signal);
    enter(replies, 3, order);
    stop.abort(new Error('time is up'));
    await assert.rejects(stopped.left, /time is up/);
    await turnOfLoop();
    assert.deepEqual(order, [6, 3]);
    assert.equal(replies.bytes, 9);
    assert.deepEqual(stopped.waits, { begun: 1, ended: 1 });
  });

  it('gives back the room of one who is stopped in the moment that it comes', async () => {
    const replies = room(10);
    const stop = new AbortController();
    const first = enter(replies, 10, []);
    const second = enter(replies, 10, [], stop.signal);
    const leave = await first.left;
    stop.abort(new Error('time is up'));
    leave();
    await assert.rejects(second.left, /time is up/);
    assert.equal(replies.bytes, 0);
  });

  it('counts what has left as garbage', async () => {
    let collections = 0;
    const replies = room(
      1,
      new GarbageBound(100, () => () => {
        collections += 1;
        return Promise.resolve();
      }),
    );
    const leave = await enter(replies, 100, []).left;
    assert.equal(collections, 0);
    leave();
    assert.equal(collections, 1);
  });
});
