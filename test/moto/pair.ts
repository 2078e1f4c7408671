/** One provider before moto and one before our stand-in, with the same values: what one mounts the other must mount. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StoreDocument } from '../../src/local/store-document.js';
import type { Canaries } from '../support/canaries.js';
import { account, World, type WorldMount } from '../support/world.js';
import { startMotoServer } from './moto-server.js';
import { outageWords, RegionGate } from './region-gate.js';
import { MotoAccount } from './seed.js';

export interface PairOptions {
  /** Values of at least 16 characters are watched on both sides. */
  readonly store: StoreDocument;
  readonly driverWrites?: boolean;
}

/** What a mount has brought, whoever has written the files. */
export interface Mounted {
  readonly files: Readonly<Record<string, { readonly mode: string; readonly text: string }>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Calls to AWS, in alphabetical order: they are made side by side. */
  readonly calls: readonly string[];
}

/** How a mount has failed. */
export interface Refused {
  readonly code: number;
  readonly details: string;
}

/** The target of one pod on each side. */
export interface Volumes {
  readonly moto: string;
  readonly standIn: string;
}

type Stop = () => Promise<void>;

const awsServices = ['secretsmanager', 'ssm', 'sts'];

export class Pair {
  /** As it was at the start, with the version ids and ARN suffixes of both sides. */
  readonly document: StoreDocument;
  readonly moto: World;
  readonly standIn: World;
  readonly gate: RegionGate;
  readonly motoAccount: MotoAccount;
  readonly #stops: readonly Stop[];

  private constructor(
    parts: Pick<Pair, 'document' | 'moto' | 'standIn' | 'gate' | 'motoAccount'>,
    stops: readonly Stop[],
  ) {
    this.document = parts.document;
    this.moto = parts.moto;
    this.standIn = parts.standIn;
    this.gate = parts.gate;
    this.motoAccount = parts.motoAccount;
    this.#stops = stops;
  }

  static async start({ store, driverWrites = false }: PairOptions): Promise<Pair> {
    const server = await startMotoServer(account);
    // In the order of their start; a start that fails leaves nothing behind.
    const stops = [() => server.stop()];
    try {
      const motoAccount = new MotoAccount(server.url);
      const document = await motoAccount.seed(store);
      const gate = await RegionGate.open(server.url);
      stops.push(() => gate.close());
      // The default limit towards Kubernetes would make most of these mounts wait.
      // Without kept values: what both sides are asked is compared call by call.
      const writer = `--driver-writes-secrets=${String(driverWrites)}`;
      const flags = [writer, '--secret-cache-ttl=0', '--qps=1000', '--burst=1000'];
      const watched = (canaries: Canaries) => {
        for (const value of secretsIn(document)) canaries.keep(value);
        return document;
      };
      const standIn = await World.start({ flags, store: watched });
      stops.push(() => standIn.stop());
      const environment = { AWS_ENDPOINT_URL: gate.url };
      const moto = await World.start({ flags, store: watched, environment });
      stops.push(() => moto.stop());
      return new Pair({ document, moto, standIn, gate, motoAccount }, stops);
    } catch (error) {
      await stopAll(stops);
      throw error;
    }
  }

  /** New empty volumes of one pod. */
  volumes(): Volumes {
    return { moto: this.moto.target(), standIn: this.standIn.target() };
  }

  /** Mounts on both sides, checks that they agree in files, versions and calls, and gives what they agree on. */
  async mount(mount: Omit<WorldMount, 'targetPath'>, volumes = this.volumes()): Promise<Mounted> {
    this.#clearCalls();
    const viaMoto = await mountOn(this.moto, { ...mount, targetPath: volumes.moto });
    const viaStandIn = await mountOn(this.standIn, { ...mount, targetPath: volumes.standIn });
    const mounted = { ...viaMoto, calls: this.#motoCalls() };
    assert.deepEqual(mounted, { ...viaStandIn, calls: callsOf(this.standIn) }, 'moto (first) and the stand-in differ');
    return mounted;
  }

  /**
   * Fails on both sides, checks that status, message and calls are the same, and gives what moto's side says.
   * @param awsWords `differ` where the sentence that AWS, or moto in its place, adds to its error code is not compared
   */
  async failure(
    mount: Omit<WorldMount, 'targetPath'>,
    { awsWords = 'same' }: { readonly awsWords?: 'same' | 'differ' } = {},
  ): Promise<Refused> {
    this.#clearCalls();
    const viaMoto = await this.moto.failure(mount);
    const viaStandIn = await this.standIn.failure(mount);
    const compared = ({ code, details }: Refused): Refused => ({
      code,
      details: awsWords === 'same' ? details : details.replace(/\((\w+): .*\)/s, '($1)'),
    });
    assert.deepEqual(compared(viaMoto), compared(viaStandIn), 'moto (first) and the stand-in differ');
    assert.deepEqual(this.#motoCalls(), callsOf(this.standIn));
    return viaMoto;
  }

  /** Until the mounts of `work` are done, neither Secrets Manager nor Parameter Store serves in the region. */
  async withOutage<T>(region: string, work: () => Promise<T>): Promise<T> {
    const effect = { kind: 'error', status: 503, code: 'ServiceUnavailable', message: outageWords } as const;
    const fault = this.standIn.standIn.fault({ region, effect });
    this.gate.down.add(region);
    try {
      return await work();
    } finally {
      this.gate.down.delete(region);
      fault.remove();
    }
  }

  /** Also checks what `World.stop` checks, on both sides. */
  async stop(): Promise<void> {
    await stopAll(this.#stops);
  }

  #clearCalls(): void {
    this.gate.calls.length = 0;
    this.moto.standIn.clearRequests();
    this.standIn.standIn.clearRequests();
  }

  /** The stand-in beside moto plays Kubernetes and the Pod Identity Agent, and nothing of what moto is asked for. */
  #motoCalls(): readonly string[] {
    assert.deepEqual(callsOf(this.moto), []);
    return [...this.gate.calls].sort();
  }
}

/** The last first; all of them, and then the first failure. */
async function stopAll(stops: readonly Stop[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of [...stops].reverse()) await stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function callsOf(world: World): readonly string[] {
  return world.standIn.requests
    .filter(({ service = '' }) => awsServices.includes(service))
    .map(({ service = '', action, region = '' }) => [service, action, region].join(' ').trim())
    .sort();
}

async function mountOn(world: World, mount: WorldMount): Promise<Omit<Mounted, 'calls'>> {
  const { files, tree, targetPath, versions } = await world.mount(mount);
  const written = Object.entries(tree).map(([name, { mode }]) => ({
    name,
    mode,
    contents: readFileSync(path.join(targetPath, name)),
  }));
  const handed = files.map(({ path: name, mode, contents }) => ({ name, mode: octal(mode), contents }));
  assert.ok(written.length === 0 || handed.length === 0, 'either the provider writes, or the driver does');
  const entries = [...written, ...handed].map(({ name, mode, contents }) => [name, { mode, text: readable(contents) }]);
  return { files: Object.fromEntries(entries) as Mounted['files'], versions };
}

/** Long enough to be in a log for no other reason. */
function secretsIn({ secrets, parameters }: StoreDocument): readonly string[] {
  const values: string[] = [];
  JSON.stringify([secrets, parameters], (key, value: unknown) => {
    if (key === 'value' && typeof value === 'string' && value.length >= 16) values.push(value);
    return value;
  });
  return values;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Bytes that are no text must be compared too. */
function readable(contents: Buffer): string {
  return isUtf8(contents) ? contents.toString('utf8') : `hex ${contents.toString('hex')}`;
}

/** Path to text of every file. */
export function textsOf({ files }: Pick<Mounted, 'files'>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, { text }]) => [name, text]));
}
