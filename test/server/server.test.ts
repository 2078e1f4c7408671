import assert from 'node:assert/strict';
import net from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { replyBytes } from '../../src/budgets.js';
import { ProviderError } from '../../src/errors.js';
import { Secret } from '../../src/secret.js';
import type { MountContext } from '../../src/mount/ports.js';
import type { MountCall } from '../../src/mount/types.js';
import { callMount, Cleanup, emptyReply, keptLog, until } from './serving.js';

const { status } = grpc;
const mountPath = '/v1alpha1.CSIDriverProvider/Mount';

describe('the gRPC server', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('answers Version with the protocol, the name and the version', async () => {
    const client = cleanup.client(await cleanup.server(() => Promise.resolve(emptyReply)));
    const answer = await new Promise((resolve, reject) => {
      client.Version({ version: 'v1alpha1' }, (error, value) => {
        if (error) reject(error);
        else resolve(value);
      });
    });
    assert.deepEqual(answer, { version: 'v1alpha1', runtime_name: 'test-provider', runtime_version: '1.2.3' });
  });

  it('hands every field of the call to the mount and sends its files and versions back', async () => {
    const calls: MountCall[] = [];
    const server = await cleanup.server((call) => {
      calls.push(call);
      return Promise.resolve({
        versions: [{ id: 'a/b', version: 'v9' }],
        files: [{ path: 'a/b', mode: 0o640, contents: new Secret(Buffer.from([0, 255, 1])), version: 'v9' }],
      });
    });
    const request = {
      attributes: '{"a":"b"}',
      secrets: 'null',
      target_path: '/t',
      permission: '420',
      current_object_version: [{ id: 'x', version: 'y' }],
    };
    const answer = await callMount(cleanup.client(server), request);
    assert.deepEqual(calls, [
      {
        attributes: '{"a":"b"}',
        secrets: 'null',
        targetPath: '/t',
        permission: '420',
        currentVersions: [{ id: 'x', version: 'y' }],
      },
    ]);
    assert.deepEqual(answer?.object_version, [{ id: 'a/b', version: 'v9' }]);
    assert.deepEqual(answer.files, [{ path: 'a/b', mode: 0o640, contents: Buffer.from([0, 255, 1]) }]);
  });

  it('sends an answer far larger than 4 MiB when the mount gives one', async () => {
    const contents = new Secret(Buffer.alloc(9 * 1024 * 1024, 7));
    const server = await cleanup.server(() =>
      Promise.resolve({ versions: emptyReply.versions, files: [{ path: 'f', mode: 0o644, contents, version: '1' }] }),
    );
    const answer = await callMount(cleanup.client(server));
    assert.equal(answer?.files[0]?.contents.byteLength, 9 * 1024 * 1024);
  });

  it('refuses an over-sized request with INVALID_ARGUMENT and serves the next caller', async () => {
    const client = cleanup.client(await cleanup.server(() => Promise.resolve(emptyReply)));
    await assert.rejects(callMount(client, { attributes: 'x'.repeat(5 * 1024 * 1024) }), {
      code: status.INVALID_ARGUMENT,
      details: /the call was refused \(RESOURCE_EXHAUSTED\): .*4194304/,
    });
    assert.deepEqual((await callMount(client))?.object_version, emptyReply.versions);
  });

  it('refuses a malformed request with INVALID_ARGUMENT and serves the next caller', async () => {
    const kept = keptLog();
    const client = cleanup.client(await cleanup.server(() => Promise.resolve(emptyReply), kept));
    for (const bytes of [
      [0xff, 0xff, 0xff],
      [0x7f, 0x01],
    ]) {
      await assert.rejects(rawCall(client, Buffer.from(bytes)), {
        code: status.INVALID_ARGUMENT,
        details: 'the message is no MountRequest of the v1alpha1 protocol',
      });
    }
    assert.equal(kept.lines().filter((line) => line['code'] === 'invalid_request').length, 2);
    assert.deepEqual((await callMount(client))?.object_version, emptyReply.versions);
  });

  it('refuses a call without a message with INVALID_ARGUMENT', async () => {
    const client = cleanup.client(await cleanup.server(() => Promise.resolve(emptyReply)));
    const refused = new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(mountPath, identity, identity, (error) => {
        if (error) reject(error);
        else resolve(undefined);
      });
      call.end();
    });
    await assert.rejects(refused, { code: status.INVALID_ARGUMENT, details: /the call was refused \(UNIMPLEMENTED\)/ });
  });

  it('survives connections that speak no HTTP/2, and hang up', async () => {
    const server = await cleanup.server(() => Promise.resolve(emptyReply));
    for (const text of ['', 'GET / HTTP/1.1\r\n\r\n', '\0\0\0']) {
      await new Promise<void>((resolve) => {
        const connection = net.connect(server.socketPath, () => {
          connection.end(text);
          connection.resume();
        });
        connection.on('error', () => undefined);
        connection.on('close', () => {
          resolve();
        });
      });
    }
    assert.deepEqual((await callMount(cleanup.client(server)))?.object_version, emptyReply.versions);
  });

  it('sends large answers one after the other, each whole, and says which had to wait', async () => {
    const kept = keptLog();
    const contents = new Secret('x'.repeat(replyBytes - 1));
    const reply = { versions: [], files: [{ path: 'f', mode: 0o644, contents, version: '1' }] };
    const client = cleanup.client(await cleanup.server(() => Promise.resolve(reply), kept));
    const answers = await Promise.all(Array.from({ length: 8 }, () => callMount(client)));
    for (const answer of answers) assert.ok(answer?.files[0]?.contents.equals(contents.reveal()));
    assert.ok(kept.lines().filter((line) => Number(line['waitedMs']) > 0).length >= 4);
  });

  it('tells the mount when its answer has left, and when its caller is gone', async () => {
    const told: string[] = [];
    const contexts: MountContext[] = [];
    const server = await cleanup.server((call, context) => {
      contexts.push(context);
      context.afterAnswer(() => told.push(call.targetPath));
      return call.targetPath === '/slow' ? new Promise(() => undefined) : Promise.resolve(emptyReply);
    });
    const client = cleanup.client(server);
    await callMount(client, { target_path: '/quick' });
    await until(() => told.length === 1);
    const gone = client.Mount({ target_path: '/slow' }, () => undefined);
    await until(() => contexts.length === 2);
    assert.deepEqual(told, ['/quick']);
    gone.cancel();
    await until(() => told.length === 2);
    assert.deepEqual(told, ['/quick', '/slow']);
  });

  it('stops the mount of a caller that went away, and logs it as cancelled', async () => {
    const kept = keptLog();
    const contexts: MountContext[] = [];
    const client = cleanup.client(
      await cleanup.server((_call, context) => {
        contexts.push(context);
        return untilStopped(context);
      }, kept),
    );
    const cancel = new AbortController();
    const call = callMount(client, {}, { cancel: cancel.signal });
    await until(() => contexts.length === 1);
    cancel.abort();
    await assert.rejects(call, { code: status.CANCELLED });
    await until(() => kept.lines().length === 1);
    const [line] = kept.lines();
    assert.equal(line?.['outcome'], 'cancelled');
    assert.equal(line['error'], 'the caller no longer waits for this mount');
    assert.ok(contexts[0]?.signal.reason instanceof ProviderError);
  });

  it('gives the mount less than what is left of the deadline', async () => {
    const left: number[] = [];
    const client = cleanup.client(
      await cleanup.server((_call, context) => {
        left.push(context.timeLeftMs());
        return Promise.resolve(emptyReply);
      }),
    );
    await callMount(client, {}, { deadlineMs: 10_000 });
    await callMount(client);
    assert.ok(left[0] !== undefined && left[0] > 5_000 && left[0] < 9_000, String(left[0]));
    assert.ok(left[1] !== undefined && left[1] > 80_000, String(left[1]));
  });

  it('answers INTERNAL in time when a mount does not notice the end of its time', async () => {
    const client = cleanup.client(await cleanup.server(() => new Promise(() => undefined)));
    await assert.rejects(callMount(client, {}, { deadlineMs: 4_000 }), {
      code: status.INTERNAL,
      details: /not finished within \d+ ms/,
    });
  });
});

describe('stopping the gRPC server', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('lets a mount under way finish and sends new calls to the successor at the path', async () => {
    let finish: (() => void) | undefined;
    const directory = cleanup.directory();
    const old = await cleanup.server(
      () =>
        new Promise((resolve) => {
          finish = () => {
            resolve({ versions: [{ id: 'f', version: 'old' }] });
          };
        }),
      { directory },
    );
    const client = cleanup.client(old);
    const first = callMount(client);
    await until(() => finish !== undefined);
    await cleanup.server(() => Promise.resolve({ versions: [{ id: 'f', version: 'new' }] }), { directory });
    const stopped = old.stop();
    assert.equal((await callMount(client))?.object_version[0]?.version, 'new');
    finish?.();
    assert.equal((await first)?.object_version[0]?.version, 'old');
    await stopped;
  });

  it('answers what is left after the drain with INTERNAL, also a mount that does not listen', async () => {
    let running = 0;
    const server = await cleanup.server(
      (call, context) => {
        running += 1;
        return call.attributes === 'deaf' ? new Promise(() => undefined) : untilStopped(context);
      },
      { drainMs: 50 },
    );
    const client = cleanup.client(server);
    const calls = [callMount(client, { attributes: 'deaf' }), callMount(client)];
    await until(() => running === 2);
    const started = Date.now();
    const expected = { code: status.INTERNAL, details: 'the provider is stopping; kubelet will try the mount again' };
    await Promise.all([server.stop(), ...calls.map((call) => assert.rejects(call, expected))]);
    assert.ok(Date.now() - started < 2_500);
  });

  it('is over at once when nothing is under way, though clients are connected', async () => {
    const server = await cleanup.server(() => Promise.resolve(emptyReply), { drainMs: 5_000 });
    await callMount(cleanup.client(server));
    const started = Date.now();
    await Promise.all([server.stop(), server.stop()]);
    assert.ok(Date.now() - started < 1_000);
  });
});

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function rawCall(client: grpc.Client, bytes: Buffer): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(mountPath, identity, identity, bytes, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

/** A mount that ends only by its signal. */
function untilStopped(context: MountContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    context.signal.addEventListener('abort', () => {
      reject(context.signal.reason as Error);
    });
  });
}
