/** kubectl and helm as an administrator types them, and waiting for what they show. */
import { setTimeout as sleep } from 'node:timers/promises';
import { run, RunFailed } from './run.js';

export function kubectl(...args: readonly string[]): Promise<string> {
  return run('kubectl', args);
}

export function helm(...args: readonly string[]): Promise<string> {
  return run('helm', args);
}

/** `kubectl apply` of manifests: their text. */
export function apply(manifests: string, ...args: readonly string[]): Promise<string> {
  return run('kubectl', ['apply', '-f', '-', ...args], { input: manifests });
}

/** An object as the API server gives it; only what tests read is typed. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

export async function get<T extends KubernetesObject>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T;
}

export async function list<T extends KubernetesObject>(...args: readonly string[]): Promise<readonly T[]> {
  const { items } = JSON.parse(await kubectl('get', ...args, '-o', 'json')) as { readonly items: readonly T[] };
  return items;
}

/**
 * Waits until `look` gives something other than undefined and false; a failing kubectl counts as not yet.
 * @throws Error naming what did not come, with the last failure
 */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, limitMs = 45_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  let last = '';
  while (Date.now() < deadline) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      last = `: ${error.message}`;
    }
    await sleep(250);
  }
  throw new Error(`not within ${limitMs / 1000} s: ${what}${last}`);
}
