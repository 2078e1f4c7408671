/** What hostile servers and tenants try against the whole program. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Canaries } from '../support/canaries.js';
import { startEchoServers, type Echo, type EchoServers } from '../support/echo-servers.js';
import { claimsOf, inOneHour, jwt } from '../support/identity-servers.js';
import { startProvider, type TestProvider } from '../support/provider.js';

describe('servers that repeat what they were sent', function () {
  this.timeout(30_000);
  const canaries = new Canaries();
  let servers: EchoServers;
  let provider: TestProvider;
  let target: string;

  before(async () => {
    servers = await startEchoServers(canaries);
    const flags = [...servers.flags, '--log-level=debug'];
    const environment = { ...servers.environment, GRPC_TRACE: 'all', GRPC_VERBOSITY: 'DEBUG' };
    provider = await startProvider({ flags, environment });
    target = mkdtempSync(path.join(tmpdir(), 'attacks-'));
  });
  after(async () => {
    await provider.stop();
    await servers.close();
    rmSync(target, { recursive: true });
  });

  let mounts = 0;
  /** The error of a mount with a token of its own: nothing that an earlier one earned counts. */
  async function failure(usePodIdentity: boolean): Promise<string> {
    mounts += 1;
    const pod = { name: `pod-${mounts}`, namespace: 'ns', serviceAccount: 'app', uid: `uid-${mounts}` };
    const token = canaries.keep(jwt(claimsOf(pod, inOneHour()), canaries.value('signature')));
    const entry = { token, expirationTimestamp: inOneHour().toISOString() };
    const mount = provider.driver.mount({
      namespace: 'ns',
      serviceAccount: 'app',
      tokens: JSON.stringify({ 'sts.amazonaws.com': entry, 'pods.eks.amazonaws.com': entry }),
      targetPath: target,
      parameters: {
        usePodIdentity: String(usePodIdentity),
        objects: '- { objectName: s, objectType: secretsmanager }\n- { objectName: p, objectType: ssmparameter }',
      },
    });
    const error: unknown = await mount.then(
      () => assert.fail('the mount succeeded'),
      (reason: unknown) => reason,
    );
    return (error as { details: string }).details;
  }

  const echoes: readonly Echo[] = ['message', 'code', 'request-id', 'body', 'answer'];
  for (const part of ['sts', 'agent', 'kubernetes', 'services'] as const) {
    for (const echo of echoes) {
      it(`shows no token and no credential when ${part} repeats them in its ${echo}`, async () => {
        const before = provider.output().length;
        // Broken credentials come in place of good ones only; what a server says of itself in words nobody can know.
        for (const status of echo === 'answer' ? [200] : [200, 400, 401, 403, 500]) {
          servers.misbehave(part, echo, status);
          const details = await failure(part === 'agent');
          canaries.assertAbsent(details, `the error of a ${status}`);
        }
        canaries.assertAbsent(provider.output().slice(before), 'the log');
      });
    }
  }
});
