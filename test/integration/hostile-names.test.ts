/** Host names that a tenant chooses and nobody answers for: a real name server, the system's own resolver, the built process. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNameServer, type NameServer } from '../support/name-server.js';
import { texts, World, type WorldMount } from '../support/world.js';

/** Where resolvers look for a name server, and AWS's host names lead. */
const nameServerHost = '127.0.0.78';
const awsHost = '127.0.0.77';

/** As in a pod, but for the time-out: five seconds would hold up the end of this suite, for Node waits for its threads. */
const resolvConf = `nameserver ${nameServerHost}
search kube-system.svc.cluster.local svc.cluster.local cluster.local
options ndots:5 timeout:1
`;

const regions = ['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-central-2'] as const;

describe('names that nobody answers for', function () {
  this.timeout(60_000);
  let world: World | undefined;
  let nameServer: NameServer | undefined;
  let aws: net.Server | undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'names-'));

  before(async function () {
    if (!hasMachine()) this.skip(); // Port 53 and resolv.conf of its own: root and unshare.
    nameServer = await startNameServer({
      host: nameServerHost,
      port: 53,
      answer: (name) => {
        if (name.includes('hole')) return 'silent';
        return name.endsWith('.amazonaws.com') ? [awsHost] : [];
      },
    });
    const secrets = Object.fromEntries(regions.map((region) => [region, { good: `value of ${region}` }]));
    world = await withCommand(withResolver(folder), () =>
      World.start({
        store: () => ({
          secrets,
          roles: { app: {} },
          serviceAccounts: { 'evil/app': { role: 'app' }, 'ns/app': { role: 'app' } },
        }),
        realHostNames: true,
        // Names are the proxy's business where there is one.
        environment: { HTTPS_PROXY: '' },
      }),
    );
    aws = await leadTo(new URL(world.standIn.urls.proxy), awsHost);
  });
  after(async () => {
    await world?.stop();
    aws?.close();
    await nameServer?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A mount in a region whose hosts this process has not heard of yet; its duration in milliseconds. */
  async function goodMount(region: string): Promise<number> {
    assert.ok(world);
    const started = performance.now();
    const mount: WorldMount = {
      objects: '- { objectName: good, objectType: secretsmanager }',
      parameters: { region },
    };
    const { tree } = await world.mount(mount);
    assert.deepEqual(texts(tree), { good: `value of ${region}` });
    return performance.now() - started;
  }

  it('delay no mount into a region that was not known before by 0.5 s', async () => {
    assert.ok(world);
    const { provider } = world;
    const [first, second, ...others] = regions;
    // The process warms up.
    await goodMount(first);
    const typical = await goodMount(second);
    const stops = Array.from({ length: 20 }, () => new AbortController());
    const holes = stops.map(({ signal }, index) => {
      const mount = world?.complete({
        namespace: 'evil',
        objects: '- { objectName: good, objectType: secretsmanager }',
        parameters: { region: `eu-hole-${index}`, failoverRegion: `us-hole-${index}` },
      });
      return provider.driver.mount({ ...(mount ?? assert.fail()), signal }).catch((error: unknown) => error);
    });
    await sleep(500);
    for (const region of others) {
      const took = await goodMount(region);
      assert.ok(took < typical + 500, `${Math.round(took)} ms, and alone ${Math.round(typical)}`);
    }
    assert.ok(nameServer?.asked.some((name) => name.includes('hole')));
    for (const stop of stops) stop.abort();
    await Promise.all(holes);
  });
});

/** Only root listens on ports 53 and 443, and gives a process a `resolv.conf` of its own. */
function hasMachine(): boolean {
  if (process.env['PROVIDER_COMMAND'] !== undefined || process.getuid?.() !== 0) return false;
  return spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc/hosts', '/etc/resolv.conf']).status === 0;
}

/** The command of a provider that reads `resolvConf`. */
function withResolver(folder: string): string {
  const file = path.join(folder, 'resolv.conf');
  writeFileSync(file, resolvConf);
  const command = path.join(folder, 'provider');
  const main = path.resolve(import.meta.dirname, '../../dist/main.js');
  const inside = `mount --bind '${file}' /etc/resolv.conf && exec '${process.execPath}' '${main}' "$@"`;
  writeFileSync(command, `#!/bin/sh\nexec unshare --mount sh -c '${inside.replaceAll("'", `'\\''`)}' sh "$@"\n`);
  chmodSync(command, 0o700);
  return command;
}

async function withCommand<T>(command: string, action: () => Promise<T>): Promise<T> {
  process.env['PROVIDER_COMMAND'] = command;
  try {
    return await action();
  } finally {
    delete process.env['PROVIDER_COMMAND'];
  }
}

/** Port 443 of a host that leads to AWS's names in the stand-in, which tells them apart by what TLS says. */
async function leadTo(proxy: URL, host: string): Promise<net.Server> {
  const server = net.createServer((client) => {
    const tunnel = net.connect(Number(proxy.port), proxy.hostname);
    tunnel.write('CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\nhost: sts.eu-west-1.amazonaws.com:443\r\n\r\n');
    tunnel.once('data', () => {
      client.pipe(tunnel).pipe(client);
    });
    for (const [one, other] of [
      [client, tunnel],
      [tunnel, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(443, host, resolve);
  });
  return server;
}
