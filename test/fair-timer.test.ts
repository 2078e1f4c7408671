/** A stall of this process counts for nobody's silence. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFairTimer, startTimer } from '../src/fair-timer.js';

function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a timer of the network', () => {
  it('is due after what arrived during a stall has been read', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const [peer] = (await once(server, 'connection')) as [net.Socket];
    const order: string[] = [];
    client.on('data', () => order.push('answer'));
    const due = new Promise<void>((resolve) => {
      startTimer(10, () => {
        order.push('due');
        resolve();
      });
    });
    peer.write('x');
    stall(50);
    await due;
    client.destroy();
    peer.destroy();
    server.close();
    assert.deepEqual(order, ['answer', 'due']);
  });

  it('is never due once it is cancelled, not even in its last turn', async () => {
    let due = 0;
    const cancel = startTimer(5, () => {
      due += 1;
    });
    // After the timer itself, and before the turns of the event loop that follow.
    setTimeout(cancel, 5);
    startFairTimer(5, () => {
      due += 1;
    })();
    await sleep(30);
    assert.equal(due, 0);
  });

  it('counts a stall as a twentieth of its time, where it is a fair one', async () => {
    const started = performance.now();
    const due = new Promise<void>((resolve) => startFairTimer(400, resolve));
    await sleep(50);
    stall(600);
    await due;
    const elapsedMs = performance.now() - started;
    assert.ok(elapsedMs >= 900, String(elapsedMs));
  });
});
