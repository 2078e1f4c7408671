/** What several scenarios need: a namespace with a class, new pods, a changed value, and what belongs to a release. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { root } from './charts.js';
import { aws } from './hooks.js';
import { apply, kubectl, list, until, type KubernetesObject } from './kubernetes.js';
import { createPod, filesOf, running, Watcher } from './pods.js';

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

interface Document extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };
}

/** Manifests of an example, of the kinds given, or all. */
export function example(folder: string, ...kinds: readonly string[]): string {
  const text = readFileSync(path.join(root, 'examples', folder, 'manifests.yaml'), 'utf8');
  const documents = loadAll(text) as readonly Document[];
  return documents
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
    .map((document) => JSON.stringify(document))
    .join('\n---\n');
}

const webFiles = ['shop_database', 'log-level'];
const database = 'postgres://web:made-up-horse-battery@db.shop.internal:5432/shop';

/** Namespace, service account and class of the example `irsa`, and a pod that watches its files. */
export async function startWatching(): Promise<Watcher> {
  aws().update({ secrets: { 'eu-west-1': { 'shop/database': database } } });
  await apply(example('irsa', 'Namespace', 'ServiceAccount', 'SecretProviderClass'));
  const names = { namespace: 'shop', serviceAccount: 'web', secretProviderClass: 'web' };
  return Watcher.start({ ...names, name: 'watcher', files: webFiles });
}

/** The watcher has seen these values of the database secret, in this order, and never a file that was missing. */
export async function assertSeen(watcher: Watcher, ...values: readonly string[]): Promise<void> {
  const before = await watcher.looks();
  await until('further looks of the watcher', async () => (await watcher.looks()) > before);
  assert.deepEqual(await watcher.seen('shop_database'), [database, ...values].map(md5));
  assert.deepEqual(await watcher.seen('log-level'), [md5('info')]);
  assert.equal(await watcher.restarts(), 0);
}

/** Changes the database secret, and waits until the watcher has the new value. */
export async function rotate(watcher: Watcher, value: string): Promise<number> {
  const start = Date.now();
  aws().update({ secrets: { 'eu-west-1': { 'shop/database': value } } });
  await until('the new value in the pod', async () => (await watcher.seen('shop_database')).at(-1) === md5(value));
  return Date.now() - start;
}

let newcomers = 0;

/** A new pod of the class `web` comes up and reads the database secret. */
export async function assertNewPodMounts(value = database): Promise<void> {
  const name = `newcomer-${++newcomers}`;
  const names = { namespace: 'shop', serviceAccount: 'web', secretProviderClass: 'web' };
  await createPod({ ...names, name, command: 'sleep 1000000' });
  await running('shop', name);
  assert.equal((await filesOf('shop', name))['shop_database'], md5(value));
  await kubectl('delete', 'pod', name, '-n', 'shop', '--wait=false');
}

/** Takes the pods away; a driver must be there, or their volumes stay. */
export async function leavePods(): Promise<void> {
  // Not by way of their deployments, which leave shells that ignore SIGTERM all of their grace period.
  await kubectl('delete', 'deploy,replicaset', '--all', '-n', 'shop', '--cascade=orphan');
  await kubectl('delete', 'pod', '--all', '-n', 'shop', '--grace-period=1', '--wait=true');
}

export interface Workload extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & { readonly generation: number };
}

/** Identities of the objects of a kind that carry a label: two equal answers mean that nothing was made anew. */
export async function identities(kind: string, selector: string): Promise<readonly string[]> {
  const objects = await list<Workload>(kind, '-n', 'kube-system', '-l', selector);
  return objects.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort();
}

/** Every object of the cluster with a label, of whatever kind. */
export async function objectsWith(selector: string): Promise<readonly string[]> {
  const kinds = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n');
  // Events speak of what is gone; metrics and reviews have no objects.
  const wanted = kinds.filter((kind) => !kind.startsWith('events') && kind !== 'componentstatuses');
  const objects = await list(wanted.join(','), '-A', '-l', selector);
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}
