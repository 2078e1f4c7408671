import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ProviderError } from '../../../src/errors.js';
import { parseMountRequest } from '../../../src/mount/request/request.js';
import { callOf, driverRequest, parse, podAttributes, refuses } from '../../support/requests.js';

const driverPart = 'the mount request cannot be read: ';
const tokensKey = 'csi.storage.k8s.io/serviceAccount.tokens';

function parseCall(...args: Parameters<typeof callOf>) {
  return parseMountRequest(callOf(...args), { driverWrites: false });
}

describe('parseMountRequest', () => {
  it('returns everything that a driver’s request says', () => {
    const request = parseMountRequest(driverRequest('mount-request.json'), { driverWrites: false });
    const { tokens, objects, ...rest } = request;
    assert.deepEqual(rest, {
      pod: {
        name: 'api-6c9f7d9b7-x2x9k',
        namespace: 'payments',
        uid: '0d6c4f0e-9f5b-4a3c-8f57-2f6d3b1c9a10',
        serviceAccount: 'api',
      },
      region: 'us-west-2',
      pathTranslation: '_',
      usePodIdentity: false,
      preferredAddressType: 'auto',
      targetPath: '/var/lib/kubelet/pods/0d6c4f0e-9f5b-4a3c-8f57-2f6d3b1c9a10/volumes/kubernetes.io~csi/secrets/mount',
      currentVersions: new Map(),
      warnings: [],
    });
    assert.deepEqual([...tokens.keys()], ['sts.amazonaws.com', 'pods.eks.amazonaws.com']);
    assert.deepEqual(
      objects.map(({ path, mode }) => [path, mode]),
      [
        ['database.json', 0o644],
        ['_payments_log-level', 0o644],
      ],
    );
    assert.deepEqual(objects[0]?.jmesPath, [
      { expression: 'username', path: 'database-user', mode: 0o644 },
      { expression: 'password', path: 'database-password', mode: 0o400 },
    ]);
  });

  it('takes the tokens out of secrets when only they hold them', () => {
    const request = parseMountRequest(driverRequest('mount-request-tokens-in-secrets.json'), { driverWrites: true });
    assert.deepEqual([...request.tokens.keys()], ['sts.amazonaws.com', 'pods.eks.amazonaws.com']);
    assert.equal(request.usePodIdentity, true);
  });

  it('accepts a request without tokens: who needs one says what is missing', () => {
    const request = parseMountRequest(driverRequest('mount-request-no-tokens.json'), { driverWrites: true });
    assert.equal(request.tokens.size, 0);
  });

  it('returns the current versions by path', () => {
    const request = parseMountRequest(driverRequest('mount-request-current-versions.json'), { driverWrites: false });
    assert.deepEqual(
      request.currentVersions,
      new Map([
        ['database.json', '0c2d1a1e-6f1a-4a9e-9d3c-8d0d3f7d1a01'],
        ['_payments_log-level', '4'],
      ]),
    );
  });

  for (const attributes of ['', 'null', '[]', '"text"', '{', '{"a": "b"} canary', '{"a": canary}']) {
    it(`refuses attributes ${JSON.stringify(attributes)}, quoting nothing of them`, () => {
      const message = `${driverPart}its attributes are not a JSON object`;
      refuses('invalid_request', message, () => parseCall({}, { attributes }));
    });
  }

  it('refuses an attribute that is not text, quoting nothing of it', () => {
    for (const value of [1, null, true, { canary: 'x' }, ['canary']]) {
      const attributes = JSON.stringify({ ...podAttributes, other: value });
      const message = `${driverPart}its attributes hold a value that is not text`;
      refuses('invalid_request', message, () => parseCall({}, { attributes }));
    }
  });

  it('keeps no error of JSON.parse as a cause, for it quotes its input', () => {
    assert.throws(
      () => parseCall({}, { attributes: 'canary' }),
      (error: unknown) => error instanceof ProviderError && error.cause === undefined,
    );
  });

  for (const key of ['csi.storage.k8s.io/pod.namespace', 'csi.storage.k8s.io/serviceAccount.name']) {
    it(`refuses a request without ${key}, with what to set`, () => {
      const message = `${driverPart}the attribute ${key} is missing; the CSIDriver object must have podInfoOnMount: true`;
      refuses('invalid_request', message, () => parse({ [key]: '' }));
    });

    it(`refuses a ${key} that could lead a request elsewhere`, () => {
      for (const name of ['..', '.', 'a/b', 'a%2fb', 'a b', 'a\nb', 'a?b', 'x'.repeat(254)]) {
        refuses('invalid_request', `${driverPart}the attribute ${key} is no name of Kubernetes`, () =>
          parse({ [key]: name }),
        );
      }
    });
  }

  it('needs neither the name nor the uid of the pod', () => {
    const { 'csi.storage.k8s.io/pod.name': _name, 'csi.storage.k8s.io/pod.uid': _uid, ...others } = podAttributes;
    const attributes = JSON.stringify({ ...others, objects: '- {objectName: a, objectType: secretsmanager}' });
    const { pod } = parseCall({}, { attributes });
    assert.deepEqual(pod, { name: '', namespace: 'shop', uid: '', serviceAccount: 'web' });
  });

  it('reads the permission as a decimal number and keeps its permission bits', () => {
    for (const [permission, mode] of [
      ['420', 0o644],
      ['0', 0],
      [' 256 ', 0o400],
      [String(0o107755), 0o755],
      ['4294967295', 0o777],
    ] as const) {
      assert.equal(parseCall({}, { permission }).objects[0]?.mode, mode, permission);
    }
  });

  for (const permission of ['', 'null', '"420"', '-1', '4.2', '0644x', '1e3', '99999999999']) {
    it(`refuses the permission ${JSON.stringify(permission)}`, () => {
      const message = `${driverPart}its permission must be a decimal number such as 420`;
      refuses('invalid_request', message, () => parseCall({}, { permission }));
    });
  }

  for (const targetPath of ['', 'relative/path', './x', 'C:\\x', '/a\0b']) {
    it(`refuses the target path ${JSON.stringify(targetPath)}`, () => {
      const message = `${driverPart}its target path must be absolute`;
      refuses('invalid_request', message, () => parseCall({}, { targetPath }));
    });
  }

  it('does not ask whether the target exists', () => {
    assert.equal(parseCall({}, { targetPath: '/nowhere/at/all' }).targetPath, '/nowhere/at/all');
  });

  it('reports faults of parameters and of objects together, those of parameters first', () => {
    refuses(
      'invalid_parameter',
      'parameter usePodIdentity "maybe" must be "true" or "false"; objects[0]: objectName is missing: ' +
        'give the name or ARN of a secret or parameter',
      () => parse({ usePodIdentity: 'maybe', objects: '- {objectType: secretsmanager}' }),
    );
  });

  it('adds to an error what it noticed besides', () => {
    refuses(
      'invalid_objects',
      /^objects is missing among the parameters: .*; noticed too: the parameter "Objects"/,
      () => parseCall({}, { attributes: JSON.stringify({ ...podAttributes, Objects: '[]' }) }),
    );
    refuses('invalid_objects', /objectName is missing.*; noticed too: .*"objectname1" is unknown.*objectName\?$/, () =>
      parse({ objects: '- {objectname1: a, objectType: secretsmanager}' }),
    );
  });

  it('throws nothing but ProviderErrors, of bounded length and without the tokens, whatever it gets', () => {
    const canary = 'canary-9f3a7c51';
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.json({ maxDepth: 3 }),
      fc.constantFrom('null', '', '{}', '[', '420', '/x', 'true', '_', 'us-east-1'),
    );
    const tokens = fc.constantFrom(
      `{"sts.amazonaws.com":{"token":"${canary}"}}`,
      `{"sts.amazonaws.com":{"token":"${canary}`,
      `["${canary}"]`,
      `{"sts.amazonaws.com":"${canary}"}`,
      canary,
    );
    const parameters = fc.record(
      {
        ...Object.fromEntries(Object.keys(podAttributes).map((key) => [key, fc.oneof(text, fc.constant('ok'))])),
        [tokensKey]: tokens,
        objects: text,
        region: text,
        failoverRegion: text,
        pathTranslation: text,
        usePodIdentity: text,
        preferredAddressType: text,
      },
      { requiredKeys: [] },
    );
    const attributes = fc.oneof(
      text,
      parameters.map((each) => JSON.stringify(each)),
      parameters.map((each) => JSON.stringify(each).slice(1)),
      parameters.map((each) => JSON.stringify({ ...podAttributes, ...each })),
    );
    const secrets = fc.oneof(
      text,
      tokens,
      tokens.map((each) => JSON.stringify({ [tokensKey]: each })),
    );
    fc.assert(
      fc.property(attributes, secrets, text, text, fc.boolean(), (...[all, secret, targetPath, permission, writes]) => {
        const call = callOf({}, { attributes: all, secrets: secret });
        const whole = { ...call, ...(permission === '' ? {} : { targetPath, permission }) };
        try {
          parseMountRequest(whole, { driverWrites: writes });
        } catch (error) {
          assert.ok(error instanceof ProviderError, String(error));
          assert.ok(error.message.length < 12_000);
          assert.ok(!error.message.includes(canary) && !String(error.cause).includes(canary), error.message);
          assert.doesNotMatch(error.message, /\p{Cc}/u);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
