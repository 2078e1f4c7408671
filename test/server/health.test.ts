import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { ProviderError } from '../../src/errors.js';
import { healthConnections, socketLostMs } from '../../src/budgets.js';
import { startHealthListener } from '../../src/server/health.js';
import type { ServerCondition } from '../../src/server/server.js';
import { Cleanup, emptyReply, until } from './serving.js';

const lostAt1000: ServerCondition = { kind: 'lost', sinceMs: 1000, failure: 'ENOENT in /x' };
const lost = 'the socket is gone and cannot be bound again';

describe('the health endpoints', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const listen = async (condition: () => ServerCondition, nowMs?: () => number) => {
    const listener = await startHealthListener({ port: 0, condition, ...(nowMs !== undefined && { nowMs }) });
    cleanup.add(listener.close);
    return listener.port;
  };

  const cases: readonly [string, ServerCondition, number, string, string][] = [
    ['serving', { kind: 'serving' }, 0, '200 ok', '200 ok'],
    ['starting', { kind: 'starting' }, 0, '503 starting', '200 ok'],
    ['stopping', { kind: 'stopping' }, 0, '503 stopping', '200 ok'],
    ['displaced', { kind: 'displaced' }, 0, '503 another provider serves the socket', '200 ok'],
    ['lost for a moment', lostAt1000, 1000 + socketLostMs - 1, `503 ${lost}`, '200 ok'],
    ['lost for good', lostAt1000, 1000 + socketLostMs, `503 ${lost}`, `503 ${lost}`],
  ];
  for (const [name, condition, nowMs, readyz, healthz] of cases) {
    it(`say ${readyz} and ${healthz} when the server is ${name}`, async () => {
      const port = await listen(
        () => condition,
        () => nowMs,
      );
      assert.equal(await get(port, '/readyz'), readyz);
      assert.equal(await get(port, '/healthz?verbose'), healthz);
    });
  }

  it('answer 404 for other paths and 405 for other methods, and read no body', async () => {
    const port = await listen(() => ({ kind: 'serving' }));
    assert.equal(await get(port, '/metrics'), '404 not found');
    assert.equal(await get(port, '/readyz', 'POST'), '405 only GET');
    assert.equal(await get(port, '/readyz', 'HEAD'), '200 ');
  });

  it('answer while others hold more connections than there may be, and end the oldest of those', async () => {
    const port = await listen(() => ({ kind: 'serving' }));
    const held: net.Socket[] = [];
    cleanup.add(() => {
      for (const connection of held) connection.destroy();
    });
    for (let n = 0; n < healthConnections + 20; n++) {
      const connection = net.connect(port, '127.0.0.1');
      connection.on('error', () => undefined).resume();
      held.push(connection);
      await once(connection, 'connect');
    }
    assert.equal(await get(port, '/healthz'), '200 ok');
    await until(() => held.filter((connection) => connection.destroyed).length === 21);
    assert.equal(held[0]?.destroyed, true);
    assert.equal(held.at(-1)?.destroyed, false);
  });

  it('refuse a port that is taken with start_failed', async () => {
    const port = await listen(() => ({ kind: 'serving' }));
    await assert.rejects(startHealthListener({ port, condition: () => ({ kind: 'serving' }) }), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, 'start_failed');
      assert.equal(error.message, `cannot listen on port ${port}: another process has it; give another --http-port`);
      return true;
    });
  });

  it('follow a real server: displaced by another provider, back, without its directory, stopped', async () => {
    const directory = cleanup.directory();
    const sockets = path.join(directory, 'sockets');
    mkdirSync(sockets);
    const server = await cleanup.server(() => Promise.resolve(emptyReply), { directory: sockets, watchMs: 5 });
    const port = await listen(server.condition);
    const becomes = async (answer: string) => {
      await until(async () => (await get(port, '/readyz')) === answer);
    };
    await becomes('200 ok');
    const other = net.createServer((connection) => connection.destroy());
    await once(other.listen(path.join(sockets, 'other')), 'listening');
    renameSync(path.join(sockets, 'other'), server.socketPath);
    await becomes('503 another provider serves the socket');
    await new Promise((resolve) => other.close(resolve));
    rmSync(server.socketPath, { force: true });
    await becomes('200 ok');
    rmSync(sockets, { recursive: true });
    writeFileSync(sockets, 'a file where the directory was');
    await becomes(`503 ${lost}`);
    rmSync(sockets);
    await becomes('200 ok');
    await server.stop();
    await becomes('503 stopping');
    assert.equal(await get(port, '/healthz'), '200 ok');
  });
});

/** Status and body of one request. */
function get(port: number, target: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path: target, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('end', () => {
        resolve(`${String(response.statusCode)} ${body.trimEnd()}`);
      });
    });
    request.once('error', reject).end();
  });
}
