/** Names asked of a real name server, without the system's threads. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDirectNames } from '../../src/network/direct-names.js';
import { until } from '../server/serving.js';
import { startNameServer, type NameServer } from '../support/name-server.js';

const good = 'sts.eu-west-1.amazonaws.com';

describe('createDirectNames', () => {
  let server: NameServer;
  let folder: string;
  let hostsFile: string;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'names-'));
    hostsFile = path.join(folder, 'hosts');
    server = await startNameServer({
      answer: (name) => {
        if (name.startsWith('hole')) return 'silent';
        if (name === good) return ['10.0.0.1', '10.0.0.2', 'fd00::1'];
        return name === 'six.example.com' ? ['fd00::6'] : [];
      },
    });
  });
  beforeEach(() => {
    writeFileSync(hostsFile, '127.0.0.1 localhost\n');
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const names = () => createDirectNames({ hostsFile, servers: [server.authority] });

  it('returns the addresses of both families', async () => {
    assert.deepEqual(await names()(good), [
      { address: '10.0.0.1', family: 4 },
      { address: '10.0.0.2', family: 4 },
      { address: 'fd00::1', family: 6 },
    ]);
    assert.deepEqual(await names()('six.example.com'), [{ address: 'fd00::6', family: 6 }]);
  });

  it('takes what the hosts file says without asking', async () => {
    writeFileSync(
      hostsFile,
      `# 10.9.9.9 ${good}\n10.1.1.1\tother STS.eu-west-1.amazonaws.com # ours\nfd00::9 ${good}\n`,
    );
    const before = server.asked.length;
    assert.deepEqual(await names()(good), [
      { address: '10.1.1.1', family: 4 },
      { address: 'fd00::9', family: 6 },
    ]);
    assert.equal(server.asked.length, before);
  });

  it('works without a hosts file', async () => {
    const direct = createDirectNames({ hostsFile: path.join(folder, 'none'), servers: [server.authority] });
    assert.equal((await direct(good)).length, 3);
  });

  it('rejects for a name that does not exist', async () => {
    await assert.rejects(names()('none.example.com'), { code: 'ENOTFOUND' });
  });

  it('answers at once while the server is silent about 200 other names, which it gives up by itself', async () => {
    const direct = names();
    const silent = Array.from({ length: 200 }, (_, index) => direct(`hole${index}.example.com`));
    const over = Promise.allSettled(silent);
    // All at once would overflow the socket of a server in this very process.
    await until(() => server.asked.filter((name) => name.startsWith('hole')).length >= 200);
    const started = performance.now();
    assert.equal((await direct(good)).length, 3);
    const tookMs = performance.now() - started;
    assert.ok(tookMs < 500, `${tookMs} ms`);
    const outcomes = await over;
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  });

  it('asks for 500 names at once at most', async () => {
    const direct = names();
    writeFileSync(
      hostsFile,
      `10.1.1.1 ${Array.from({ length: 501 }, (_, index) => `hole${index}.example.org`).join(' ')}`,
    );
    const all = Array.from({ length: 501 }, (_, index) => direct(`hole${index}.example.org`));
    const [onTop] = all.slice(500);
    await assert.rejects(onTop ?? assert.fail(), { message: 'too many names are asked for at once' });
    assert.equal((await Promise.all(all.slice(0, 500))).length, 500);
    assert.equal((await direct(good)).length, 3);
  });
});
