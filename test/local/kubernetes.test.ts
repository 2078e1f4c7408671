/** The stand-in's Kubernetes API, judged by the Kubernetes project's own client. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ApiException, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { startStandIn } from '../../src/local/stand-in.js';
import type { StandIn } from '../../src/local/types.js';
import { roleArn, send } from '../support/stand-in-clients.js';

describe('stand-in: Kubernetes API', () => {
  let standIn: StandIn;
  let api: CoreV1Api;
  before(async () => {
    standIn = await startStandIn({
      store: {
        serviceAccounts: {
          'default/app': { role: 'app', annotations: { team: 'a' }, uid: 'sa-uid' },
          'default/bare': {},
        },
        pods: { 'default/app-1': { serviceAccount: 'app', uid: 'pod-uid' } },
        nodes: { 'node-1': { region: 'eu-west-1', labels: { zone: 'a' } } },
      },
    });
    api = client(standIn.files.kubeconfig);
  });
  after(() => standIn.close());

  function client(file: string): CoreV1Api {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config.makeApiClient(CoreV1Api);
  }

  async function failure(call: Promise<unknown>): Promise<unknown> {
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApiException);
    return JSON.parse(String(error.body));
  }

  const readApp = (by = api) => by.readNamespacedServiceAccount({ namespace: 'default', name: 'app' });

  it('gives a service account with its annotations over TLS', async () => {
    const { metadata } = await readApp();
    assert.deepEqual(metadata?.annotations, { 'eks.amazonaws.com/role-arn': roleArn('app'), team: 'a' });
    assert.deepEqual([metadata.name, metadata.namespace, metadata.uid], ['app', 'default', 'sa-uid']);
    const { face, action, objects, status } = standIn.requests.at(-1) ?? {};
    assert.deepEqual([face, action, objects, status], ['kubernetes', 'get serviceaccounts', ['default/app'], 200]);
    const bare = await api.readNamespacedServiceAccount({ namespace: 'default', name: 'bare' });
    assert.equal(bare.metadata?.annotations, undefined);
  });

  it('gives the same over plain HTTP', async () => {
    assert.equal((await readApp(client(standIn.files.kubeconfigPlain))).metadata?.name, 'app');
    assert.equal(standIn.requests.at(-1)?.face, 'kubernetes-plain');
  });

  it('gives a pod with its node, and a node with its labels', async () => {
    const pod = await api.readNamespacedPod({ namespace: 'default', name: 'app-1' });
    assert.deepEqual(
      [pod.spec?.nodeName, pod.metadata?.uid, pod.spec?.serviceAccountName],
      ['node-1', 'pod-uid', 'app'],
    );
    const { metadata } = await api.readNode({ name: 'node-1' });
    assert.equal(metadata?.labels?.['topology.kubernetes.io/region'], 'eu-west-1');
    assert.equal(metadata.labels['zone'], 'a');
  });

  it('says 404 of what is not there', async () => {
    const name = 'nobody';
    assert.deepEqual(await failure(api.readNamespacedServiceAccount({ namespace: 'default', name })), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'serviceaccounts "nobody" not found',
      reason: 'NotFound',
      details: { name, kind: 'serviceaccounts' },
      code: 404,
    });
  });

  it('says 403 of what RBAC does not allow, and of anything but reading', async () => {
    const user = 'User "system:serviceaccount:kube-system:csi-secrets-store-provider-aws"';
    standIn.update({ kubernetes: { deny: ['nodes', 'serviceaccounts'] } });
    const node = (await failure(api.readNode({ name: 'node-1' }))) as { code: number; reason: string; message: string };
    assert.deepEqual([node.code, node.reason], [403, 'Forbidden']);
    const cluster = `cannot get resource "nodes" in API group "" at the cluster scope`;
    assert.equal(node.message, `nodes "node-1" is forbidden: ${user} ${cluster}`);
    const account = (await failure(readApp())) as { message: string };
    const namespaced = `cannot get resource "serviceaccounts" in API group "" in the namespace "default"`;
    assert.equal(account.message, `serviceaccounts "app" is forbidden: ${user} ${namespaced}`);
    standIn.update({ kubernetes: { deny: [] } });
    assert.ok(await readApp());
    const deletion = (await failure(api.deleteNode({ name: 'node-1' }))) as { code: number; message: string };
    assert.deepEqual([deletion.code, deletion.message.includes('cannot delete resource')], [403, true]);
  });

  it('says 401 without its token', async () => {
    const url = `${standIn.urls.kubernetesPlain}/api/v1/nodes/node-1`;
    const answer = await send(url, { headers: { authorization: 'Bearer no' } });
    assert.equal(answer.status, 401);
    assert.match(answer.body, /"message":"Unauthorized","reason":"Unauthorized","code":401/);
  });

  it('has files as a pod finds them for in-cluster configuration', async () => {
    const directory = standIn.files.serviceAccount;
    const token = readFileSync(path.join(directory, 'token'), 'utf8');
    const url = `${standIn.urls.kubernetesPlain}/api/v1/nodes/node-1`;
    assert.equal((await send(url, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    assert.equal(readFileSync(path.join(directory, 'ca.crt'), 'utf8'), standIn.ca);
  });

  it('shows faults as a Status', async () => {
    standIn.fault({ service: 'kubernetes', action: 'get pods', effect: { kind: 'throttle' }, times: 1 });
    const pod = { namespace: 'default', name: 'app-1' };
    const status = (await failure(api.readNamespacedPod(pod))) as { code: number; reason: string };
    assert.deepEqual([status.code, status.reason], [429, 'TooManyRequests']);
    assert.ok(await api.readNamespacedPod(pod));
  });

  it('survives a path that cannot be decoded', async () => {
    await assert.rejects(send(`${standIn.urls.kubernetesPlain}/api/v1/nodes/%zz`));
    assert.ok(await readApp());
  });

  it('follows a changed annotation', async () => {
    standIn.update({ serviceAccounts: { 'default/app': { role: 'other' } } });
    const { metadata } = await readApp();
    assert.deepEqual(metadata?.annotations, { 'eks.amazonaws.com/role-arn': roleArn('other') });
    assert.equal(metadata.uid, 'sa-uid');
  });
});
