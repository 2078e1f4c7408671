/** What the benchmark mounts: the secrets, the service accounts, and pods that ask for them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StoreDocument } from '../src/local/store-document.js';
import type { DriverAnswer, DriverMount } from '../test/support/driver.js';
import type { StandInProcess } from './stand-in-process.js';
import type { Targets } from './targets.js';

export const region = 'eu-west-1';
export const failoverRegion = 'eu-central-1';
const namespace = 'ns';

/** Service accounts beside `app`, each with a role of its own, whose calls can be told apart by it. */
export const serviceAccounts = ['app', 'even', 'bunched'] as const;

export type ServiceAccount = (typeof serviceAccounts)[number];
export type Identity = 'irsa' | 'pod-identity';
export type Size = 'small' | '64KiB';

const most: Readonly<Record<Size, number>> = { small: 50, '64KiB': 10 };
const bigBytes = 64 * 1024;

/** The value says where it comes from, so that a failover is seen in the file. */
export function valueOf(name: string, from: string): string {
  const text = `value of ${name} in ${from}`;
  return name.startsWith('big-') ? text.padEnd(bigBytes, '.') : text;
}

export function store(): StoreDocument {
  const names = (Object.keys(most) as Size[]).flatMap((size) => secretNames(size, most[size]));
  const secretsOf = (from: string) => Object.fromEntries(names.map((name) => [name, valueOf(name, from)]));
  return {
    secrets: { [region]: secretsOf(region), [failoverRegion]: secretsOf(failoverRegion) },
    roles: Object.fromEntries(serviceAccounts.map((name) => [name, {}])),
    serviceAccounts: Object.fromEntries(serviceAccounts.map((name) => [`${namespace}/${name}`, { role: name }])),
    podIdentityAssociations: Object.fromEntries(serviceAccounts.map((name) => [`${namespace}/${name}`, name])),
  };
}

function secretNames(size: Size, count: number): readonly string[] {
  const prefix = size === 'small' ? 'secret' : 'big';
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index)}`);
}

export interface PodOptions {
  /** Number of secrets; at most 50 small ones, 10 of 64 KiB. */
  readonly objects: number;
  readonly size?: Size;
  readonly identity?: Identity;
  readonly serviceAccount?: ServiceAccount;
  /** Asks for the other region too. */
  readonly failover?: boolean;
}

/** A pod with its volume, ready to be mounted as often as wanted. */
export interface Pod {
  readonly mount: DriverMount;
  readonly names: readonly string[];
}

export async function makePod(
  name: string,
  options: PodOptions,
  place: { readonly standIn: StandInProcess; readonly targets: Targets },
): Promise<Pod> {
  const { size = 'small', identity = 'irsa', serviceAccount = 'app', failover = false } = options;
  const names = secretNames(size, options.objects);
  const tokens = await place.standIn.tokens(namespace, serviceAccount, name);
  const parameters = {
    region,
    objects: names.map((secret) => `- { objectName: ${secret}, objectType: secretsmanager }`).join('\n'),
    ...(failover ? { failoverRegion } : {}),
    ...(identity === 'pod-identity' ? { usePodIdentity: 'true' } : {}),
  };
  const targetPath = place.targets.make(name);
  return {
    names,
    mount: { namespace, serviceAccount, pod: name, podUid: uidOf(tokens), tokens, targetPath, parameters },
  };
}

/** @throws TypeError when a series asks for more pods than were made */
export function podOf(pods: readonly Pod[], index: number): Pod {
  const pod = pods[index];
  if (pod === undefined) throw new TypeError('a series asks for more pods than were made');
  return pod;
}

/** Regions that the pod's values came from; throws for a file that is missing or holds something else. */
export function originsOf(pod: Pod, answer: DriverAnswer): readonly string[] {
  const sent = new Map(answer.files.map((file) => [file.path, file.contents.toString('utf8')]));
  return pod.names.map((name) => {
    const text = sent.get(name) ?? readFileSync(path.join(pod.mount.targetPath, name), 'utf8');
    const origin = [region, failoverRegion].find((candidate) => text === valueOf(name, candidate));
    if (origin === undefined) throw new Error(`${name} holds something else than its value`);
    return origin;
  });
}

/** The pod's uid, as the token says it: kubelet gives both. */
function uidOf(tokens: string): string {
  const [first] = Object.values(JSON.parse(tokens) as Record<string, { token: string }>);
  const payload = Buffer.from(first?.token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return (JSON.parse(payload) as { 'kubernetes.io': { pod: { uid: string } } })['kubernetes.io'].pod.uid;
}
