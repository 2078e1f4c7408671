/** A whole small world for one suite: the stand-in, the built provider against it, and targets to mount into. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import type { StoreDocument } from '../../src/local/store-document.js';
import { startStandIn } from '../../src/local/stand-in.js';
import type { StandIn, StandInOptions } from '../../src/local/types.js';
import { Canaries } from './canaries.js';
import type { DriverAnswer, DriverMount } from './driver.js';
import { startProvider, type TestProvider } from './provider.js';

export const account = '111122223333';
export const region = 'eu-west-1';

export interface WorldOptions {
  /** Built with the world's canaries, so that every value in it is watched. */
  readonly store: (canaries: Canaries) => StoreDocument;
  readonly standIn?: Omit<StandInOptions, 'store'>;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** AWS's own host names behind the stand-in's proxy, for faults of one region's STS. */
  readonly realHostNames?: boolean;
}

/** What a test says of a mount; the world adds tokens, a fresh target and the region. */
export type WorldMount = Partial<DriverMount> & {
  /** YAML of the `objects` parameter. */
  readonly objects: string;
};

export class World {
  readonly canaries: Canaries;
  readonly standIn: StandIn;
  readonly provider: TestProvider;
  readonly #directory: string;
  #targets = 0;

  private constructor(canaries: Canaries, standIn: StandIn, provider: TestProvider, directory: string) {
    this.canaries = canaries;
    this.standIn = standIn;
    this.provider = provider;
    this.#directory = directory;
  }

  static async start(options: WorldOptions): Promise<World> {
    const canaries = new Canaries();
    const standIn = await startStandIn({ ...options.standIn, store: options.store(canaries) });
    const environment = {
      AWS_REGION: region,
      ...standIn.environment({ realHostNames: options.realHostNames ?? false }),
      ...options.environment,
    };
    try {
      // The default limiter of Kubernetes look-ups would hold up a suite of fast mounts; a later flag of a test wins.
      const flags = ['--qps=1000', '--burst=2000', ...standIn.flags, ...(options.flags ?? [])];
      const provider = await startProvider({ flags, environment });
      return new World(canaries, standIn, provider, mkdtempSync(path.join(tmpdir(), 'world-')));
    } catch (error) {
      await standIn.close();
      throw error;
    }
  }

  /** A new empty directory for a volume. */
  target(): string {
    this.#targets += 1;
    const target = path.join(this.#directory, `target-${String(this.#targets)}`);
    mkdirSync(target);
    return target;
  }

  /** Tokens of a service account's pod, for both audiences. */
  tokens(namespace: string, serviceAccount: string, pod?: string): string {
    const tokens = this.standIn.tokensAttribute({ namespace, serviceAccount, ...(pod !== undefined && { pod }) });
    for (const { token } of Object.values(JSON.parse(tokens) as Record<string, { token: string }>)) {
      this.canaries.keep(token);
    }
    return tokens;
  }

  /** Fills in what the test leaves out: namespace `ns`, service account `app`, its tokens and a new target. */
  complete(mount: WorldMount): DriverMount {
    const { objects, ...rest } = mount;
    const namespace = mount.namespace ?? 'ns';
    const serviceAccount = mount.serviceAccount ?? 'app';
    const withTokens = 'tokens' in mount ? {} : { tokens: this.tokens(namespace, serviceAccount, mount.pod) };
    const targetPath = mount.targetPath ?? this.target();
    const parameters = { objects, ...mount.parameters };
    return { ...withTokens, ...rest, namespace, serviceAccount, targetPath, parameters };
  }

  async mount(mount: WorldMount): Promise<DriverAnswer & { readonly targetPath: string; readonly tree: Tree }> {
    const complete = this.complete(mount);
    const answer = await this.provider.driver.mount(complete);
    return { ...answer, targetPath: complete.targetPath, tree: readTree(complete.targetPath) };
  }

  /** The error of a mount that must fail; its target must be as it was before. */
  async failure(mount: WorldMount): Promise<ServiceError> {
    const complete = this.complete(mount);
    const before = readTree(complete.targetPath);
    try {
      await this.provider.driver.mount(complete);
    } catch (error) {
      assert.deepEqual(readTree(complete.targetPath), before, 'the failed mount has changed its target');
      return error as ServiceError;
    }
    throw new assert.AssertionError({ message: 'the mount succeeded, but had to fail' });
  }

  /** Ends everything and checks that no secret is in any log or error, and that no socket is left. */
  async stop(): Promise<void> {
    const code = await this.provider.stop();
    await this.standIn.close();
    rmSync(this.#directory, { recursive: true, force: true });
    this.canaries.assertAbsent(this.provider.output(), 'the provider’s output');
    this.canaries.assertAbsent(this.provider.driver.errors.join('\n'), 'an error');
    assert.equal(code, 0, this.provider.output());
  }
}

/** Path to mode and content of every file below a directory; links and others by their kind. */
export type Tree = Readonly<Record<string, { readonly mode: string; readonly text: string }>>;

export function readTree(directory: string): Tree {
  const tree: Record<string, { mode: string; text: string }> = {};
  let names: string[];
  try {
    names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch {
    return tree; // a target that a test leaves out on purpose
  }
  for (const name of names.sort()) {
    const file = path.join(directory, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile())
      tree[name] = { mode: (stat.mode & 0o7777).toString(8).padStart(4, '0'), text: readFileSync(file, 'utf8') };
  }
  return tree;
}

/** Path to content alone. */
export function texts(tree: Tree): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).map(([name, { text }]) => [name, text]));
}
