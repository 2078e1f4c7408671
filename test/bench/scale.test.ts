/** The figures of docs/scale.md: the calls they begin with are measured here, the arithmetic is checked by hand. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callsOf, facts, type Action, type CallsOfMount } from '../../scripts/scale/facts.js';
import {
  costOf,
  regionDown,
  remountSeconds,
  rollOut,
  rotationOfOther,
  rotationOfThis,
  sharedSeconds,
} from '../../scripts/scale/model.js';
import { awsAttempts } from '../../src/budgets.js';
import { optionFlags } from '../../src/options/options.js';
import { region, World } from '../support/world.js';

const secrets = 5;
const names = Array.from({ length: secrets }, (_, index) => `secret-${String(index)}`);
const objects = names.map((name) => `- { objectName: ${name}, objectType: secretsmanager }`).join('\n');
const parameters = { region };
const { thisProvider } = facts.calls;

describe('calls of a mount in docs/scale.md', () => {
  let world: World;
  before(async () => {
    world = await World.start({
      store: (canaries) => ({
        secrets: { [region]: Object.fromEntries(names.map((name) => [name, canaries.value(name)])) },
        roles: { app: {} },
        serviceAccounts: { 'ns/app': { role: 'app' } },
      }),
      flags: ['--secret-cache-ttl=1s'],
    });
  });
  after(() => world.stop());

  /** A repeated mount comes with the token of the first: kubelet keeps it for most of an hour. */
  const measured = async (targetPath: string, tokens: string): Promise<Readonly<Record<string, number>>> => {
    world.standIn.clearRequests();
    await world.mount({ objects, parameters, targetPath, tokens });
    const counts: Record<string, number> = {};
    for (const { service, action } of world.standIn.requests) {
      if (service !== 'kubernetes') counts[action] = (counts[action] ?? 0) + 1;
    }
    return counts;
  };
  const told = (mount: CallsOfMount) =>
    Object.fromEntries((Object.keys(mount) as Action[]).map((action) => [action, callsOf(mount, action, secrets)]));

  it('are those of a first mount', async () => {
    assert.deepEqual(await measured(world.target(), world.tokens('ns', 'app')), told(thisProvider.first));
  });

  it('are those of a repeated mount: none while the value is fresh for it, else the comparison', async () => {
    const target = world.target();
    const tokens = world.tokens('ns', 'app');
    await measured(target, tokens);
    assert.deepEqual(await measured(target, tokens), told(thisProvider.kept));
    await sleep(1100);
    assert.deepEqual(await measured(target, tokens), told(thisProvider.revalidated));
  });
});

describe('the arithmetic of docs/scale.md', () => {
  const cluster = { nodes: 100, podsPerNode: 30, secretsPerPod: 5, sharingPods: 1 };

  it('begins with the defaults of the provider', () => {
    const ttl = optionFlags.find(({ name }) => name === 'secret-cache-ttl');
    assert.equal(ttl?.default, `${String(facts.times.cacheTtl)}s`);
    assert.equal(facts.attempts, awsAttempts);
  });

  it('remounts at the first call of kubelet that the driver lets through', () => {
    assert.deepEqual([1, 2, 60].map(remountSeconds), [75, 150, 3600]);
  });

  it('has pods share an answer for a minute, and no pod take its own twice', () => {
    assert.equal(sharedSeconds(75, 1), 75);
    assert.equal(sharedSeconds(75, 3), 75);
    assert.equal(sharedSeconds(75, 10), 60);
    assert.equal(sharedSeconds(150, 3), 100);
    assert.equal(sharedSeconds(3600, 3), 1200);
  });

  it('counts 2,880 calls an hour for 10 pods with 5 secrets where nothing is kept, and at most 360 here', () => {
    const node = { nodes: 1, podsPerNode: 10, secretsPerPod: 5, sharingPods: 10 };
    const perHour = (rates: Readonly<Record<Action, number>>) =>
      Math.round(Object.values(rates).reduce((total, rate) => total + rate * 3600, 0));
    assert.equal(perHour(rotationOfOther(node, 1)), 2880);
    const ours = rotationOfThis(node, 1);
    assert.ok(perHour(ours) <= 360, String(perHour(ours)));
    assert.equal(Math.round(ours.GetSecretValue * 3600), 5);
  });

  it('fetches each secret of a pod alone once an hour, and compares at every other remount', () => {
    const rates = rotationOfThis(cluster, 1);
    const remounts = (3000 * 5) / 75;
    assert.equal(rates.GetSecretValue, (3000 * 5) / 3600);
    assert.ok(Math.abs(rates.GetSecretValue + rates.DescribeSecret - remounts) < 1e-9);
    assert.equal(rotationOfThis(cluster, 60).DescribeSecret, 0);
  });

  it('starts every pod with all of its calls', () => {
    assert.deepEqual(rollOut(cluster, 10), { GetSecretValue: 25, DescribeSecret: 0, AssumeRoleWithWebIdentity: 5 });
  });

  it('tries a region that is down three times for every secret of every pod, shared or not', () => {
    assert.equal(regionDown({ ...cluster, sharingPods: 3 }, 2).DescribeSecret, (3000 / 150) * 5 * 3);
  });

  it('asks five cents for ten thousand calls of Secrets Manager, and nothing for STS', () => {
    const hour = 1 / 3600 / 730;
    const rates = {
      GetSecretValue: 10_000 * hour,
      DescribeSecret: 10_000 * hour,
      AssumeRoleWithWebIdentity: 1e6 * hour,
    };
    const { dollars, dollarsForKms, callsPerMonth } = costOf(rates);
    assert.deepEqual(
      [dollars, dollarsForKms, callsPerMonth].map((value) => Number(value.toFixed(6))),
      [0.1, 0.03, 20_000],
    );
  });

  it('is what the page says', function () {
    this.timeout(30_000);
    const root = path.resolve(import.meta.dirname, '../..');
    const script = path.join(root, 'scripts/scale/scale.ts');
    execFileSync(process.execPath, ['--import=tsx', script, '--check'], { cwd: root, stdio: 'pipe' });
  });
});
