import assert from 'node:assert/strict';
import { completeStore } from '../../src/cli/store-completion.js';
import { missingObjects } from '../../src/cli/missing-objects.js';
import type { PodVolume } from '../../src/cli/pods.js';
import type { StoreDocument } from '../../src/local/store-document.js';

function pod(attributes: Readonly<Record<string, string>> = {}, serviceAccount = 'web'): PodVolume {
  return {
    className: 'app',
    title: 'app',
    source: 'app.yaml',
    namespace: 'shop',
    serviceAccount,
    pod: 'app-pod',
    podUid: 'uid-1',
    volume: 'v',
    attributes,
  };
}

const annotated = (arn: string) => ({
  name: 'web',
  namespace: 'shop',
  annotations: { 'eks.amazonaws.com/role-arn': arn },
});

describe('a store that is completed', () => {
  it('makes up what nobody named: service account, role, pod and node', () => {
    const one = pod();
    const { document, roles } = completeStore({}, [one], { serviceAccounts: [] });
    assert.deepEqual(document, {
      account: '111122223333',
      partition: 'aws',
      serviceAccounts: { 'shop/web': { role: 'shop-web' } },
      podIdentityAssociations: {},
      roles: { 'arn:aws:iam::111122223333:role/shop-web': {} },
      pods: { 'shop/app-pod': { serviceAccount: 'web', uid: 'uid-1' } },
      nodes: { 'node-1': { region: 'eu-west-1' } },
    });
    assert.deepEqual(roles.get(one), { auth: 'IRSA', name: 'shop-web', madeUp: true });
  });

  it('takes role, account and partition of a manifest’s annotation', () => {
    const one = pod();
    const arn = 'arn:aws-cn:iam::444455556666:role/team/app';
    const { document, roles } = completeStore({}, [one], { serviceAccounts: [annotated(arn)] });
    assert.deepEqual([document.account, document.partition], ['444455556666', 'aws-cn']);
    assert.deepEqual(document.roles, { [arn]: {} });
    assert.deepEqual(roles.get(one), { auth: 'IRSA', name: 'app', madeUp: false });
  });

  it('leaves a role as the store describes it, by name or ARN', () => {
    const deny = { deny: [{ actions: ['*'] }] };
    const store: StoreDocument = { roles: { 'shop-web': deny } };
    const arn = 'arn:aws:iam::111122223333:role/shop-web';
    const { document } = completeStore(store, [pod()], { serviceAccounts: [annotated(arn)] });
    assert.deepEqual(document.roles, { 'shop-web': deny });
  });

  it('gives no role to a service account that is there without one', () => {
    const one = pod();
    const { document, roles } = completeStore({ serviceAccounts: { 'shop/web': {} } }, [one], { serviceAccounts: [] });
    assert.deepEqual(document.roles, {});
    assert.deepEqual(roles.get(one), { auth: 'IRSA', name: undefined, madeUp: false });
  });

  it('associates the annotated role when Pod Identity is used, and keeps an association', () => {
    const one = pod({ usePodIdentity: 'T' });
    const store: StoreDocument = { serviceAccounts: { 'shop/web': { role: 'r' } } };
    const completed = completeStore(store, [one], { serviceAccounts: [] });
    assert.deepEqual(completed.document.podIdentityAssociations, { 'shop/web': 'r' });
    assert.deepEqual(completed.roles.get(one), { auth: 'Pod Identity', name: 'r', madeUp: false });
    const kept = completeStore({ ...store, podIdentityAssociations: { 'shop/web': 'q' } }, [one], {
      serviceAccounts: [],
    });
    assert.deepEqual(kept.document.podIdentityAssociations, { 'shop/web': 'q' });
  });

  it('keeps a role that is no role out of the store: the provider reports it', () => {
    const { document } = completeStore({}, [pod()], { serviceAccounts: [annotated('not an arn')] });
    assert.deepEqual(document.roles, {});
  });
});

describe('what a store lacks', () => {
  const objects = `
- {objectName: shop/db, objectType: secretsmanager, jmesPath: [{path: user, objectAlias: u}, {path: 'a[0]', objectAlias: a}]}
- {objectname: /shop/level, objectType: ssmparameter}
- {objectName: "arn:aws:secretsmanager:eu-west-3:111122223333:secret:shop/key-AbCdEf"}
- {objectName: /aws/reference/secretsmanager/shop/ref, objectType: ssmparameter}
`;

  it('is said as YAML with a value that the class can work with', () => {
    const yaml = missingObjects(pod({ objects, region: 'eu-west-2' }), {});
    assert.equal(
      yaml,
      `secrets:
  eu-west-2:
    shop/db: '{"user":"a value"}'
    shop/ref: a value
  eu-west-3:
    shop/key: a value
parameters:
  eu-west-2:
    /shop/level: a value`,
    );
  });

  it('is nothing when all is there, whatever the leading slash', () => {
    const store: StoreDocument = {
      secrets: { 'eu-west-2': { 'shop/db': 'v', 'shop/ref': 'v' }, 'eu-west-3': { 'shop/key': 'v' } },
      parameters: { 'eu-west-2': { 'shop/level': 'v' } },
    };
    assert.equal(missingObjects(pod({ objects, region: 'eu-west-2' }), store), undefined);
  });

  it('names the failover region’s object, and takes the node’s region when the class names none', () => {
    const attributes = {
      failoverRegion: 'eu-central-1',
      objects: '- {objectName: a, objectType: secretsmanager, objectAlias: a, failoverObject: {objectName: b}}',
    };
    const store: StoreDocument = { nodes: { n: { region: 'us-east-1' } } };
    assert.equal(
      missingObjects(pod(attributes), store),
      'secrets:\n  us-east-1:\n    a: a value\n  eu-central-1:\n    b: a value',
    );
  });

  it('is not guessed from a list that cannot be read', () => {
    assert.equal(missingObjects(pod({ objects: '[' }), {}), undefined);
  });
});
