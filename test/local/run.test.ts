/** The stand-in as a process of its own, and its control over HTTP. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runStandIn } from '../../src/local/run.js';
import type { StandInFiles, StandInUrls } from '../../src/local/types.js';
import { send } from '../support/stand-in-clients.js';

interface Ready {
  readonly urls: StandInUrls;
  readonly files: StandInFiles;
  readonly environment: Record<string, string>;
}

describe('stand-in: a process of its own', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'run-test-'));
  const store = path.join(directory, 'store.yaml');
  const complaints: string[] = [];
  const controller = new AbortController();
  let ready: Ready;
  let ended: Promise<void>;

  before(async () => {
    writeFileSync(store, 'podIdentityAssociations: { default/app: app }\nroles: { app: }\n');
    const line = await new Promise<string>((print, reject) => {
      const complain = (text: string) => void complaints.push(text);
      ended = runStandIn(['--store', store, '--latency-ms', '1'], { print, complain, signal: controller.signal });
      ended.catch(reject);
    });
    assert.ok(line.endsWith('}\n'));
    ready = JSON.parse(line) as Ready;
  });
  after(async () => {
    controller.abort();
    await ended;
    assert.equal(existsSync(ready.files.directory), false);
    rmSync(directory, { recursive: true });
  });

  const control = async (line: string, body?: unknown) => {
    const [method = '', target = ''] = line.split(' ');
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await send(`${ready.urls.control}${target}`, { method, ...sent });
    return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
  };
  const pod = { namespace: 'default', serviceAccount: 'app', audience: 'pods.eks.amazonaws.com' };
  const ask = async () => {
    const { body } = await control('POST /token', pod);
    return (await send(ready.urls.agentIpv4, { headers: { authorization: String(body['token']) } })).status;
  };

  it('says in one line how it is reached', () => {
    assert.equal(ready.environment['AWS_ENDPOINT_URL'], ready.urls.aws);
    assert.ok(existsSync(ready.files.ca));
  });

  it('makes tokens, records requests and counts connections for another process', async () => {
    await control('DELETE /requests');
    assert.equal(await ask(), 200);
    const { body } = await control('GET /requests');
    assert.deepEqual(
      (body as unknown as { action: string }[]).map(({ action }) => action),
      ['credentials'],
    );
    assert.equal(typeof (await control('GET /connections')).body['connections'], 'number');
    const attribute = (await control('POST /tokens-attribute', pod)).body as unknown;
    assert.equal(typeof attribute, 'string');
    assert.equal(Object.keys(JSON.parse(String(attribute)) as object).length, 2);
  });

  it('takes faults and updates from another process', async () => {
    const { body } = await control('POST /faults', { service: 'agent', effect: { kind: 'throttle' } });
    assert.equal(await ask(), 429);
    const id = String(body['id']);
    assert.deepEqual((await control(`GET /faults/${id}`)).body, { hits: 1 });
    await control(`DELETE /faults/${id}`);
    assert.equal(await ask(), 200);
    await control('POST /update', { podIdentityAssociations: { 'default/app': null } });
    assert.equal(await ask(), 404);
    await control('POST /update', { podIdentityAssociations: { 'default/app': 'app' } });
    const bad = await control('POST /update', { nonsense: 1 });
    assert.deepEqual([bad.status, /nonsense is not a known field/.test(String(bad.body['message']))], [400, true]);
    assert.equal((await control('GET /nothing')).status, 404);
  });

  it('reads the store again when it is edited, and complains about a bad edit', async () => {
    const until = async (condition: () => Promise<boolean> | boolean) => {
      while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    writeFileSync(store, 'roles: { app: }\n# edited\n');
    await until(async () => (await ask()) === 404);
    writeFileSync(store, 'rolls: {}\n# edited once more\n');
    await until(() => complaints.length > 0);
    assert.match(complaints[0] ?? '', /rolls is not a known field.*stays in force/);
  });

  it('refuses bad arguments and says what it takes', async () => {
    const run = (...argv: string[]) => runStandIn(argv, { print: () => undefined, complain: () => undefined });
    const code = 'invalid_parameter';
    await assert.rejects(run(), { code, message: /^--store is missing: stand-in --store FILE/ });
    await assert.rejects(run('--stor', 'x'), { code, message: /--stor/ });
    await assert.rejects(run('--store', store, '--latency-ms', 'fast'), { code, message: /^--latency-ms must be/ });
  });
});
