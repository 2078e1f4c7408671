/** The Kubernetes API server, as far as it is read here: one service account, pod or node by name. */
import { Refusal, plainJson } from './answer.js';
import type { Answer } from './answer.js';
import type { Recognized } from './recognize.js';
import { derivedUuid } from './store-merge.js';
import type { KubernetesResource } from './store-document.js';
import type { Store } from './store.js';
import type { World } from './world.js';

/** The provider's own service account, as the API server's messages name it. */
const user = 'system:serviceaccount:kube-system:csi-secrets-store-provider-aws';

interface Target {
  readonly resource: KubernetesResource;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** @throws Refusal with the reason of a `Status` */
export function answerKubernetes(recognized: Recognized, world: World): Answer {
  if (recognized.incoming.header('authorization') !== `Bearer ${world.kubernetesToken}`) {
    throw new Refusal(401, 'Unauthorized', 'Unauthorized');
  }
  const target = readTarget(recognized);
  if (!target) throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
  authorize(recognized.incoming.method, target, world.store);
  const found = readResource(target, world.store);
  if (!found)
    throw new Refusal(404, 'NotFound', `${target.resource} "${target.name}" not found`, {
      name: target.name,
      kind: target.resource,
    });
  return plainJson(found);
}

function readTarget({ parameters }: Recognized): Target | undefined {
  const { resource, namespace, name } = parameters;
  if (resource !== 'serviceaccounts' && resource !== 'pods' && resource !== 'nodes') return undefined;
  return {
    resource,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    name: typeof name === 'string' ? name : '',
  };
}

const verbs: Readonly<Record<string, string>> = { GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

function authorize(method: string, { resource, namespace, name }: Target, store: Store): void {
  if (method === 'GET' && !store.kubernetesDeny.has(resource)) return;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const verb = verbs[method] ?? method.toLowerCase();
  const problem = `User "${user}" cannot ${verb} resource "${resource}" in API group "" ${scope}`;
  throw new Refusal(403, 'Forbidden', `${resource} "${name}" is forbidden: ${problem}`, { name, kind: resource });
}

function readResource({ resource, namespace, name }: Target, store: Store): object | undefined {
  const key = `${namespace ?? ''}/${name}`;
  switch (resource) {
    case 'serviceaccounts':
      return serviceAccount(key, store);
    case 'pods':
      return pod(key, store);
    case 'nodes':
      return node(name, store);
  }
}

const common = { resourceVersion: '1', creationTimestamp: '2025-01-01T00:00:00Z' };

function serviceAccount(key: string, store: Store): object | undefined {
  const found = store.serviceAccounts.get(key);
  if (!found) return undefined;
  const { namespace, name, uid, annotations } = found;
  const optional = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name, namespace, uid, ...common, ...optional } };
}

function pod(key: string, store: Store): object | undefined {
  const found = store.pods.get(key);
  if (!found) return undefined;
  const { namespace, name, uid } = found;
  const nodeName = found.node ?? [...store.nodes.keys()][0];
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace, uid, ...common },
    spec: { serviceAccountName: found.serviceAccount, nodeName, containers: [{ name: 'main', image: 'app' }] },
    status: { phase: 'Pending' },
  };
}

function node(name: string, store: Store): object | undefined {
  const labels = store.nodes.get(name);
  if (!labels) return undefined;
  const metadata = {
    name,
    uid: derivedUuid(`node/${name}`),
    ...common,
    labels: { 'kubernetes.io/hostname': name, ...labels },
  };
  return { kind: 'Node', apiVersion: 'v1', metadata, spec: {}, status: {} };
}
