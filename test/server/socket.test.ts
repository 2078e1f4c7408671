import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CSIDriverProviderClient } from '../../src/generated/v1alpha1/CSIDriverProvider.js';
import type { Logger } from '../../src/log.js';
import { serveSocket } from '../../src/server/socket.js';
import { answers, callMount, Cleanup, emptyReply, keptLog, until } from './serving.js';

describe('the socket of a provider', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const serve = async (socketPath: string, log: Logger = keptLog().log) => {
    const connections: net.Socket[] = [];
    const onConnection = (connection: net.Socket) => {
      connections.push(connection);
      connection.on('error', () => undefined).resume();
    };
    const socket = await serveSocket({ path: socketPath, onConnection, log });
    cleanup.add(() => {
      socket.close();
      for (const connection of connections) connection.destroy();
    });
    return { ...socket, connections };
  };

  it('makes its directory, has mode 0600 and leaves no other name', async () => {
    const directory = path.join(cleanup.directory(), 'deep/er');
    await serve(path.join(directory, 'aws.sock'));
    assert.equal(lstatSync(path.join(directory, 'aws.sock')).mode & 0o7777, 0o600);
    assert.deepEqual(readdirSync(directory), ['aws.sock']);
  });

  it('never has another mode, and leaves the umask of the process alone', async () => {
    const directory = cleanup.directory();
    const before = process.umask(0o002);
    cleanup.add(() => process.umask(before));
    await serve(path.join(directory, 'aws.sock'));
    assert.equal(process.umask(0o002), 0o002);
    assert.equal(lstatSync(path.join(directory, 'aws.sock')).mode & 0o7777, 0o600);
  });

  it('makes directories in which nobody else can put another socket, whatever the umask', async () => {
    const above = path.join(cleanup.directory(), 'deep');
    const before = process.umask(0);
    cleanup.add(() => process.umask(before));
    await serve(path.join(above, 'er/aws.sock'));
    assert.deepEqual(
      [above, path.join(above, 'er')].map((directory) => lstatSync(directory).mode & 0o7777),
      [0o755, 0o755],
    );
  });

  it('is removed by close, which may come twice, and connections stay', async () => {
    const socketPath = path.join(cleanup.directory(), 'aws.sock');
    const served = await serve(socketPath);
    const connection = net.connect(socketPath);
    cleanup.add(() => connection.destroy());
    await once(connection, 'connect');
    await until(() => served.connections.length === 1);
    served.close();
    served.close();
    assert.deepEqual(readdirSync(path.dirname(socketPath)), []);
    await sleep(20);
    assert.equal(connection.destroyed, false);
    assert.equal(served.connections[0]?.destroyed, false);
  });

  it('replaces what a dead process left: a socket, a file, a link', async () => {
    for (const kind of ['socket', 'file', 'link'] as const) {
      const socketPath = path.join(cleanup.directory(), 'aws.sock');
      if (kind === 'socket') await leaveDeadSocket(socketPath);
      if (kind === 'file') writeFileSync(socketPath, '');
      if (kind === 'link') symlinkSync('/dev/null', socketPath);
      const kept = keptLog();
      await serve(socketPath, kept.log);
      assert.ok(await answers(socketPath), kind);
      if (kind === 'socket') assert.match(kept.text(), /replaced the socket of a process that is gone/);
    }
  });

  it('replaces a living stranger without a moment in which the path leads nowhere', async () => {
    const socketPath = path.join(cleanup.directory(), 'aws.sock');
    await stranger(cleanup, socketPath);
    let missing = 0;
    const over = new AbortController();
    const looking = (async () => {
      while (!over.signal.aborted) if (!(await answers(socketPath))) missing += 1;
    })();
    const kept = keptLog();
    const served = await serve(socketPath, kept.log);
    await until(() => served.connections.length > 3);
    over.abort();
    await looking;
    assert.equal(missing, 0);
    assert.match(kept.text(), /took the socket over from a running provider/);
  });

  it('is not removed by a predecessor whose successor has replaced it', async () => {
    const socketPath = path.join(cleanup.directory(), 'aws.sock');
    const old = await serve(socketPath);
    await serve(socketPath);
    old.close();
    assert.ok(await answers(socketPath));
  });

  it('refuses a directory in its place, and leaves nothing', async () => {
    const directory = cleanup.directory();
    mkdirSync(path.join(directory, 'aws.sock'));
    await assert.rejects(serve(path.join(directory, 'aws.sock')), {
      code: 'start_failed',
      message: `cannot serve the socket "${directory}/aws.sock": a directory is in its place; remove it`,
    });
    assert.deepEqual(readdirSync(directory), ['aws.sock']);
  });

  it('refuses a file where its directory should be', async () => {
    const file = path.join(cleanup.directory(), 'file');
    writeFileSync(file, '');
    for (const directory of [file, `${file}/below`]) {
      await assert.rejects(serve(path.join(directory, 'aws.sock')), {
        code: 'start_failed',
        message: `cannot serve the socket "${directory}/aws.sock": "${directory}" is not a directory`,
      });
    }
  });

  it('takes a path of 107 bytes and refuses one of 108, which Linux would cut', async () => {
    const parent = cleanup.directory();
    const directory = path.join(parent, 'd'.repeat(107 - parent.length - '//aws.sock'.length));
    const good = path.join(directory, 'aws.sock');
    assert.equal(good.length, 107);
    await serve(good);
    assert.deepEqual(readdirSync(directory), ['aws.sock']);
    const bad = path.join(`${directory}d`, 'aws.sock');
    await assert.rejects(serve(bad), {
      code: 'start_failed',
      message: /: it has 108 bytes, a Unix socket's path has at most 107: choose a shorter --provider-volume$/,
    });
    assert.deepEqual(readdirSync(parent), [path.basename(directory)]);
  });
});

describe('the watch over the socket', function () {
  this.timeout(15_000);
  const watchMs = 100;
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('binds again when the path or its whole directory is gone', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'srv-'));
    const kept = keptLog();
    const server = await cleanup.server(() => Promise.resolve(emptyReply), { directory, log: kept.log, watchMs });
    cleanup.add(() => {
      rmSync(directory, { recursive: true, force: true });
    });
    for (const gone of [server.socketPath, directory]) {
      rmSync(gone, { recursive: true });
      await sleep(watchMs * 2);
      await callMount(cleanup.client(server), {}, { deadlineMs: 1_000 });
    }
    assert.equal(count(kept.text(), 'the socket was gone; listening again'), 2);
  });

  it('keeps calls on the former listener alive', async () => {
    let finish: (() => void) | undefined;
    const server = await cleanup.server(
      () =>
        new Promise((resolve) => {
          finish = () => {
            resolve(emptyReply);
          };
        }),
      { watchMs },
    );
    const call = callMount(cleanup.client(server));
    await until(() => finish !== undefined);
    rmSync(server.socketPath);
    await until(() => answers(server.socketPath));
    finish?.();
    assert.deepEqual((await call)?.object_version, emptyReply.versions);
  });

  it('leaves a living stranger alone, logs it once, and serves within 2 s of its unlinking the path', async () => {
    await beside('unlink');
  });

  it('serves within 2 s of a stranger that died and left its socket', async () => {
    await beside('leave', watchMs);
  });

  it('says once that it cannot bind again, goes on trying, and closes in peace', async () => {
    const kept = keptLog();
    const server = await cleanup.server(() => Promise.resolve(emptyReply), { ...kept, watchMs });
    rmSync(server.socketPath);
    mkdirSync(server.socketPath);
    await sleep(watchMs * 3);
    assert.equal(count(kept.text(), 'cannot be bound again'), 1);
    rmSync(server.socketPath, { recursive: true });
    await until(() => answers(server.socketPath));
  });

  it('ends with close', async () => {
    const kept = keptLog();
    const server = await cleanup.server(() => Promise.resolve(emptyReply), { ...kept, watchMs });
    await server.stop();
    await sleep(watchMs * 3);
    assert.deepEqual(readdirSync(path.dirname(server.socketPath)), []);
    assert.equal(kept.text(), '');
  });

  async function beside(atExit: 'unlink' | 'leave', everyMs?: number): Promise<void> {
    const kept = keptLog();
    const server = await cleanup.server(() => Promise.resolve(emptyReply), { ...kept, watchMs: everyMs });
    const other = await stranger(cleanup, server.socketPath, atExit);
    const theirs = lstatSync(server.socketPath).ino;
    await sleep((everyMs ?? 1_000) * 2.3);
    assert.equal(lstatSync(server.socketPath).ino, theirs);
    assert.equal(count(kept.text(), 'another provider serves the socket'), 1);
    other.stdin.end();
    await once(other, 'exit');
    await sleep((everyMs ?? 1_000) * 2);
    const clients: CSIDriverProviderClient[] = [1, 2, 3].map(() => cleanup.client(server));
    await Promise.all(clients.map((client) => callMount(client, {}, { deadlineMs: 1_000 })));
  }
});

async function stranger(cleanup: Cleanup, socketPath: string, atExit = 'unlink') {
  const program = path.join(import.meta.dirname, 'socket-stranger.ts');
  const child = spawn(process.execPath, ['--import=tsx', program, socketPath, atExit], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanup.add(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** A socket file without a listener, as after kill -9. */
async function leaveDeadSocket(socketPath: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ],
    { stdio: 'ignore' },
  );
  await once(child, 'exit');
  assert.ok(lstatSync(socketPath).isSocket());
}

function count(text: string, piece: string): number {
  return text.split(piece).length - 1;
}
