import assert from 'node:assert/strict';
import { ProviderError } from '../../src/errors.js';
import { silentLogger } from '../../src/log.js';
import { createMount } from '../../src/mount/mount.js';
import type { Identity } from '../../src/mount/ports.js';
import type { FetchItem, MountCall, PlannedFile } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';
import { testContext } from '../support/contexts.js';

const identity: Identity = {
  auth: 'irsa',
  display: 'role arn:aws:iam::111122223333:role/app',
  key: 'key',
  principal: 'key',
  shares: true,
  credentials: () => Promise.reject(new TypeError('not asked for here')),
  drop: () => undefined,
};

function call(overrides: Partial<MountCall> = {}): MountCall {
  return {
    attributes: JSON.stringify({
      objects: '- { objectName: a, objectType: secretsmanager }\n- { objectName: b, objectType: ssmparameter }',
      region: 'eu-west-1',
      'csi.storage.k8s.io/pod.name': 'pod',
      'csi.storage.k8s.io/pod.namespace': 'ns',
      'csi.storage.k8s.io/serviceAccount.name': 'app',
    }),
    secrets: 'null',
    targetPath: '/target',
    permission: '420',
    currentVersions: [],
    ...overrides,
  };
}

/** The real pipeline between doubles of its ports, which write down what reaches them. */
function setUp(options: { readonly driverWrites?: boolean; readonly value?: string } = {}) {
  const disk = new Map<string, Secret>();
  const seen = { steps: [] as string[], items: [] as readonly FetchItem[], files: [] as readonly PlannedFile[] };
  const failures = new Map<string, Error>();
  const step = <T>(name: string, value: T): Promise<T> => {
    seen.steps.push(name);
    const failure = failures.get(name);
    return failure ? Promise.reject(failure) : Promise.resolve(value);
  };
  const mount = createMount({
    driverWrites: options.driverWrites ?? false,
    maxReplyBytes: 1_000_000,
    maxConcurrentMounts: 2,
    log: silentLogger,
    identities: {
      resolveRegions: () => step('regions', { primary: 'eu-west-1' }),
      resolveIdentity: () => step('identity', identity),
    },
    source: {
      fetch: async ({ items }) => {
        seen.items = items;
        const version = (item: FetchItem) => item.held?.version ?? `v${String(item.index)}`;
        const objects = await step(
          'fetch',
          items.map((item) => ({
            value: new Secret(options.value ?? item.primary.name),
            version: version(item),
            region: 'eu-west-1',
          })),
        );
        return { objects, delivered: () => seen.steps.push('delivered'), release: () => seen.steps.push('released') };
      },
    },
    engine: { evaluate: () => step('evaluate', []) },
    volume: {
      check: () => step('check', undefined),
      read: (_target, path) => step('read', disk.get(path)),
      write: (_target, files) => {
        seen.files = files;
        for (const { path, contents } of files) disk.set(path, contents);
        return step('write', { changed: files.length, pruned: 0 });
      },
    },
  });
  return { mount, seen, failures, disk };
}

describe('createMount', () => {
  it('takes the steps in order and answers with the versions of the files', async () => {
    const { mount, seen } = setUp();
    const context = testContext();
    const reply = await mount(call(), context);
    assert.deepEqual(seen.steps, ['check', 'regions', 'identity', 'fetch', 'write', 'delivered', 'released']);
    assert.deepEqual(reply, {
      versions: [
        { id: 'a', version: 'v0' },
        { id: 'b', version: 'v1' },
      ],
    });
    assert.deepEqual(
      seen.files.map(({ path, contents }) => [path, contents.revealText()]),
      [
        ['a', 'a'],
        ['b', 'b'],
      ],
    );
    assert.deepEqual(context.notes, {
      ...{ namespace: 'ns', pod: 'pod', podUid: '', serviceAccount: 'app', auth: 'irsa', region: 'eu-west-1' },
      ...{ objects: 2, files: 2, changed: 2, pruned: 0 },
    });
  });

  it('never looks at the target when the driver writes', async () => {
    const { mount, seen } = setUp({ driverWrites: true });
    const currentVersions = [{ id: 'a', version: 'v0' }];
    const reply = await mount(call({ currentVersions, targetPath: '/does/not/exist' }), testContext());
    assert.deepEqual(seen.steps, ['regions', 'identity', 'fetch', 'delivered', 'released']);
    assert.deepEqual(
      reply.files?.map(({ path }) => path),
      ['a', 'b'],
    );
  });

  for (const failing of ['check', 'regions', 'identity', 'fetch']) {
    it(`writes nothing when the step "${failing}" fails`, async () => {
      const { mount, seen, failures } = setUp();
      const failure = new ProviderError('aws_unavailable', `${failing} broke`);
      failures.set(failing, failure);
      await assert.rejects(mount(call(), testContext()), failure);
      assert.ok(!seen.steps.includes('write'));
    });
  }

  it('tells both causes when region and identity fail', async () => {
    const { mount, failures } = setUp();
    failures.set('regions', new ProviderError('region_unknown', 'no region'));
    failures.set('identity', new ProviderError('role_missing', 'no role'));
    await assert.rejects(mount(call(), testContext()), { code: 'region_unknown', message: 'no region; no role' });
  });

  it('passes on a bug of ours as it is, whatever else failed', async () => {
    const { mount, failures } = setUp();
    const bug = new TypeError('bug');
    failures.set('regions', new ProviderError('region_unknown', 'no region'));
    failures.set('identity', bug);
    await assert.rejects(mount(call(), testContext()), bug);
  });

  it('writes nothing once the mount has been stopped', async () => {
    const { mount, seen } = setUp();
    const context = testContext();
    context.controller.abort(new ProviderError('cancelled', 'the caller is gone'));
    await assert.rejects(mount(call(), context), { code: 'cancelled' });
    assert.ok(!seen.steps.includes('write'));
  });

  it('hands on what it wrote of a secret whose version the driver names, and of no parameter', async () => {
    const { mount, seen } = setUp();
    const { versions: currentVersions } = await mount(call(), testContext());
    await mount(call({ currentVersions }), testContext());
    assert.equal(seen.items[0]?.held?.version, 'v0');
    assert.equal(seen.items[0].held.value.revealText(), 'a');
    assert.equal(seen.items[1]?.held, undefined);
  });

  it('holds nothing of a secret with a file that is gone, changed or of another version', async () => {
    const objects = '[{ objectName: a, objectType: secretsmanager, jmesPath: [{ path: x, objectAlias: part }] }]';
    const attributes = JSON.stringify({ ...(JSON.parse(call().attributes) as object), objects });
    const cases: readonly { files?: Record<string, string>; versions?: Record<string, string>; held?: true }[] = [
      { held: true },
      { files: { a: '{"x":"1"}' } },
      { files: { part: '1' } },
      { files: { a: '{"x":"2"}', part: '1' } },
      { versions: { a: 'v0', part: 'w' } },
      { versions: { a: 'w', part: 'w' } },
      { versions: { a: 'v0' } },
    ];
    for (const { files, versions, held } of cases) {
      const { mount, seen, disk } = setUp({ value: '{"x":"1"}' });
      const first = await mount(call({ attributes }), testContext());
      if (files) disk.clear();
      for (const [path, text] of Object.entries(files ?? {})) disk.set(path, new Secret(text));
      const currentVersions = versions
        ? Object.entries(versions).map(([id, version]) => ({ id, version }))
        : first.versions;
      await mount(call({ attributes, currentVersions }), testContext());
      assert.equal(seen.items[0]?.held !== undefined, held ?? false, JSON.stringify({ files, versions }));
    }
  });
});
