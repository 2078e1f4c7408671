/** What one tenant writes costs the others nothing: their mounts beside it end in time, with the right values. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { until } from '../server/serving.js';
import { region, texts, World, type WorldMount } from '../support/world.js';

/** Ends a process that evaluates it as it stands: it doubles its result at every step. */
const doubling = `${'[@,@] | '.repeat(25)}[@,@]`;
const flattening = `${'[@,@][]|'.repeat(25)}@`;

const tokensKey = 'csi.storage.k8s.io/serviceAccount.tokens';

describe('hostile tenants', function () {
  this.timeout(60_000);
  let world: World;
  let password = '';
  before(async () => {
    world = await World.start({
      flags: ['--log-level=debug'],
      store: (canaries) => {
        password = canaries.value('password');
        const deep = '['.repeat(20_000) + ']'.repeat(20_000);
        return {
          secrets: { [region]: { evil: '{"a":[1,2,3]}', deep, good: JSON.stringify({ password, port: 5432 }) } },
          roles: { app: {} },
          serviceAccounts: { 'evil/app': { role: 'app' }, 'worse/app': { role: 'app' }, 'ns/app': { role: 'app' } },
          podIdentityAssociations: { 'evil/app': 'app' },
        };
      },
    });
  });
  after(() => world.stop());

  const good: WorldMount = {
    objects: `
- objectName: good
  objectType: secretsmanager
  jmesPath:
    - { path: password, objectAlias: password }
    - { path: 'to_string(port)', objectAlias: port }
`,
  };

  /** A good mount beside whatever else is going on; its duration in milliseconds. */
  async function goodMount(): Promise<number> {
    const started = performance.now();
    const { tree } = await world.mount(good);
    assert.deepEqual(texts(tree), { good: JSON.stringify({ password, port: 5432 }), password, port: '5432' });
    return performance.now() - started;
  }

  /** Good mounts one after the other until `hostile` has ended, at least three; the longest took less than `limitMs`. */
  async function besides(hostile: Promise<unknown>, limitMs: number): Promise<void> {
    const state = { over: false };
    const ended = hostile.finally(() => (state.over = true));
    // Nobody waits for it yet.
    ended.catch(() => undefined);
    for (let count = 0; count < 3 || !state.over; count += 1) {
      const took = await goodMount();

      assert.ok(took < limitMs, `a mount beside took ${Math.round(took)} ms`);
    }
    await ended;
    assert.equal(world.provider.process.exitCode, null);
  }

  const evil = (expressions: readonly string[], namespace: string): WorldMount => ({
    namespace,
    objects: JSON.stringify([
      {
        objectName: 'evil',
        objectType: 'secretsmanager',
        jmesPath: expressions.map((path, index) => ({ path, objectAlias: `f${index}` })),
      },
    ]),
  });

  it('cannot hold up other namespaces by a region that never answers, two of them neither', async () => {
    const fault = world.standIn.fault({ region: 'us-east-1', effect: { kind: 'hang' } });
    // Other names in each mount: equal calls would be one.
    const hole = (namespace: string, first: number): WorldMount => ({
      namespace,
      parameters: { region: 'us-east-1' },
      deadlineMs: 6_000,
      objects: JSON.stringify(
        Array.from({ length: 10 }, (_, index) => ({ objectName: `s${first + index}`, objectType: 'secretsmanager' })),
      ),
    });
    const mounts = ['evil', 'worse'].flatMap((namespace) => [0, 10, 20, 30].map((first) => hole(namespace, first)));
    const failures = Promise.all(mounts.map((mount) => world.failure(mount)));
    const reached = () => world.standIn.requests.filter((request) => request.region === 'us-east-1').length;
    await until(() => reached() >= 60);
    await besides(failures, 500);
    for (const failure of await failures) assert.equal(failure.code, status.INTERNAL);
    fault.remove();
  });

  it('cannot hold up or end mounts by expressions that double their result', async () => {
    const expressions = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? doubling : flattening));
    const hostile = ['evil', 'worse'].flatMap((namespace) =>
      Array.from({ length: 6 }, async () => {
        const error = await world.failure(evil(expressions, namespace));
        assert.equal(error.code, status.FAILED_PRECONDITION, error.details);
        assert.match(error.details, /jmesPath "\[@,@\]/);
      }),
    );
    await besides(Promise.all(hostile), 5000);
  });

  it('cannot hold up or end mounts by documents and requests that nest without end', async () => {
    const deep = '['.repeat(1_000_000);
    const nested: readonly Partial<WorldMount>[] = [
      { rawAttributes: `{"a":${deep}` },
      { attributes: { [tokensKey]: '' }, rawSecrets: `{"${tokensKey}":${deep}` },
      { tokens: `{"sts.amazonaws.com":{"token":${deep}` },
      {
        tokens: JSON.stringify({
          'sts.amazonaws.com': { token: `e30.${Buffer.from(deep.slice(0, 100_000)).toString('base64url')}.x` },
        }),
      },
    ];
    const hostile = nested.map(async (mount) => {
      const error = await world.failure({ objects: '- { objectName: evil, objectType: secretsmanager }', ...mount });
      assert.ok([status.INVALID_ARGUMENT, status.UNAUTHENTICATED].includes(error.code), error.details);
      assert.ok(error.details.length < 2000);
    });
    const object = { objectName: 'deep', objectType: 'secretsmanager', jmesPath: [{ path: 'a', objectAlias: 'a' }] };
    hostile.push(
      world.failure({ namespace: 'evil', objects: JSON.stringify([object]) }).then((error) => {
        assert.equal(error.code, status.FAILED_PRECONDITION, error.details);
      }),
    );
    await besides(Promise.all(hostile), 3000);
  });

  it('cannot hold up mounts by 20 of its own that wait for a region that never answers', async () => {
    const typical = await goodMount();
    const hang = world.standIn.fault({ region: 'eu-north-1', effect: { kind: 'hang' } });
    const list = Array.from({ length: 20 }, (_, index) => `- { objectName: n${index}, objectType: secretsmanager }`);
    const stops = Array.from({ length: 20 }, () => new AbortController());
    const holes = stops.map(({ signal }) => {
      const mount = world.complete({
        namespace: 'evil',
        objects: list.join('\n'),
        parameters: { region: 'eu-north-1' },
      });
      return world.provider.driver.mount({ ...mount, signal }).catch((error: unknown) => error);
    });
    await sleep(300);
    for (let count = 0; count < 5; count += 1) {
      const took = await goodMount();
      assert.ok(took < typical + 500, `${Math.round(took)} ms, and alone ${Math.round(typical)}`);
    }
    for (const stop of stops) stop.abort();
    hang.remove();
    await Promise.all(holes);
    const isCancelled = ({ code }: Record<string, unknown>) => code === 'cancelled';
    await until(() => world.provider.logLines().filter(isCancelled).length === stops.length);
  });

  it('cannot fill the log: one line for a mount, whatever is wrong with it', async () => {
    const long = 'x'.repeat(4000);
    const fields = Object.fromEntries(
      Array.from({ length: 90 }, (_, index) => [`${index}${long.slice(0, 180)}`, long]),
    );
    const list = Array.from({ length: 12 }, () => ({ objectName: long, objectType: long, ...fields }));
    const before = world.provider.output().length;
    const error = await world.failure({
      objects: JSON.stringify(list).slice(0, 250_000),
      namespace: 'evil',
      pod: long,
      podUid: long,
      attributes: Object.fromEntries(
        Array.from({ length: 5000 }, (_, index) => [`Region${index}`, long.slice(0, 100)]),
      ),
    });
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.ok(error.details.length <= 7 * 1024);
    const logged = world.provider.output().slice(before);
    assert.equal(logged.trim().split('\n').length, 1);
    assert.ok(logged.length < 64 * 1024, `${logged.length} characters`);
  });

  it('cannot choose the host that credentials are sent to', async () => {
    world.standIn.clearRequests();
    const regions = [
      'x.evil.com#',
      'evil.com/',
      'a@evil.com',
      '127.0.0.1:1',
      'us-east-1\n',
      'us-east-1.',
      '[::1]',
      '..',
      'é',
    ];
    for (const bad of regions) {
      for (const name of ['region', 'failoverRegion']) {
        const error = await world.failure({ ...good, parameters: { [name]: bad } });
        assert.equal(error.code, status.INVALID_ARGUMENT, bad);
        assert.match(error.details, new RegExp(`parameter ${name} `));
      }
      const arn = `arn:aws:secretsmanager:${bad}:111122223333:secret:good-AbCdEf`;
      const error = await world.failure({ objects: JSON.stringify([{ objectName: arn }]) });
      assert.equal(error.code, status.INVALID_ARGUMENT, bad);
    }
    assert.deepEqual(world.standIn.requests, []);
  });

  it('cannot choose what is read from the Kubernetes API', async () => {
    world.standIn.clearRequests();
    for (const name of ['..', '.', '../../secrets', 'a/b', 'a%2fb', 'a?b', 'a#b', 'a\\b', '', 'x'.repeat(300)]) {
      for (const key of ['pod.namespace', 'serviceAccount.name']) {
        const error = await world.failure({ ...good, attributes: { [`csi.storage.k8s.io/${key}`]: name } });
        assert.equal(error.code, status.INVALID_ARGUMENT, name);
      }
    }
    assert.deepEqual(world.standIn.requests, []);
  });

  it('cannot put a role into messages that is none', async () => {
    for (const role of ['arn:aws:iam::111122223333:role/\u202e', `arn:aws:iam::1:role/${'x'.repeat(3000)}`]) {
      world.standIn.update({ serviceAccounts: { 'worse/app': { role } } });
      const error = await world.failure({ ...good, namespace: 'worse' });
      assert.equal(error.code, status.FAILED_PRECONDITION, error.details);
      assert.ok(!error.details.includes('\u202e') && error.details.length < 1000);
    }
  });
});
