/** The role that a service account names, and what to do when it names none. */
import assert from 'node:assert/strict';
import type { KubernetesApi, ServiceAccount } from '../../src/auth/kubernetes.js';
import { resolveRole } from '../../src/auth/role.js';
import { testContext } from '../support/contexts.js';
import { failsWith, pod } from '../support/identity-servers.js';

/** Kubernetes with this one service account. */
const kubernetesWith = (account: ServiceAccount | undefined): KubernetesApi => ({
  serviceAccount: (namespace, name) => Promise.resolve(namespace === 'shop' && name === 'web' ? account : undefined),
  podNode: () => assert.fail('no need to read a pod'),
  nodeLabels: () => assert.fail('no need to read a node'),
});

const annotated = (role: string) =>
  kubernetesWith({ uid: 'u', annotations: new Map([['eks.amazonaws.com/role-arn', role]]) });
const resolve = (kubernetes: KubernetesApi, of = pod) => resolveRole(kubernetes, of, testContext());

describe('the role of a service account', () => {
  for (const [arn, partition, account] of [
    ['arn:aws:iam::111122223333:role/app', 'aws', '111122223333'],
    ['arn:aws-us-gov:iam::111122223333:role/team/path/app+x=1,2.@-_', 'aws-us-gov', '111122223333'],
    ['arn:aws-cn:iam::444455556666:role/app', 'aws-cn', '444455556666'],
  ] as const) {
    it(`is ${arn}`, async () => {
      assert.deepEqual(await resolve(annotated(arn)), { arn, partition, account });
    });
  }

  it('is missed with the annotation, the service account and the commands that set it', async () => {
    await failsWith(
      resolve(kubernetesWith({ uid: 'u', annotations: new Map() })),
      'role_missing',
      /service account "shop\/web" has no annotation eks\.amazonaws\.com\/role-arn/,
      /kubectl annotate serviceaccount -n shop web eks\.amazonaws\.com\/role-arn=/,
      /eksctl create iamserviceaccount --namespace shop --name web/,
      /usePodIdentity/,
    );
  });

  it('puts no strange name into a command', async () => {
    const strange = { ...pod, namespace: 'shop', serviceAccount: 'web; rm -rf /' };
    const kubernetes = {
      ...kubernetesWith(undefined),
      serviceAccount: () => Promise.resolve({ uid: '', annotations: new Map() }),
    };
    await failsWith(resolve(kubernetes, strange), 'role_missing', /-n <namespace> <service account>/);
  });

  it('is missed when the annotation is empty', async () => {
    await failsWith(resolve(annotated('')), 'role_missing', /has no annotation/);
  });

  it('is missed when the service account does not exist', async () => {
    await failsWith(
      resolve(kubernetesWith(undefined)),
      'service_account_not_found',
      /service account "shop\/web" of pod "web-0" does not exist/,
    );
  });

  for (const arn of [
    'app',
    'arn:aws:iam::1111:role/app',
    'arn:aws:iam::111122223333:user/me',
    'arn:aws:s3:::bucket',
    ' arn:aws:iam::111122223333:role/app',
    'arn:aws:iam::111122223333:role/app\n',
    `arn:aws:iam::111122223333:role/${'x'.repeat(2048)}`,
  ]) {
    it(`refuses ${JSON.stringify(arn.slice(0, 50))}`, async () => {
      await failsWith(
        resolve(annotated(arn)),
        'role_missing',
        /service account "shop\/web" is ".*which is not the ARN/,
      );
    });
  }
});
