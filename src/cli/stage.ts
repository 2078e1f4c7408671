/** Everything that a mount needs on this machine: the stand-in, the provider processes and the volumes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readStoreFile } from '../local/document-reader.js';
import { startStandIn } from '../local/stand-in.js';
import type { StandIn } from '../local/types.js';
import type { Environment } from '../options/options.js';
import type { Cleanup } from './cleanup.js';
import { MountRefused } from './driver.js';
import { writeAsDriver } from './driver-files.js';
import type { ServiceAccountManifest } from './manifests.js';
import type { PodVolume } from './pods.js';
import { startProvider, type ProviderProcess } from './provider-process.js';
import { completeStore, type CompletedStore } from './store-completion.js';
import { probeSts, type StsAtEndpoint } from './sts-probe.js';
import { makeTargets } from './targets.js';
import { readVolume, type VolumeFile } from './volume.js';

export interface StageOptions {
  /** The built provider, `dist/main.js`. */
  readonly program: string;
  readonly storeFile: string;
  readonly pods: readonly PodVolume[];
  /** Volumes that are never kept. */
  readonly passingPods: readonly PodVolume[];
  readonly serviceAccounts: readonly ServiceAccountManifest[];
  readonly target: string | undefined;
  readonly endpointUrl: string | undefined;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

export interface MountOptions {
  readonly driverWrites: boolean;
  /** The region whose Secrets Manager fails during the mount. */
  readonly outage?: string | undefined;
}

export type MountOutcome =
  | { readonly kind: 'mounted'; readonly files: readonly VolumeFile[] }
  | { readonly kind: 'refused'; readonly refusal: MountRefused };

/** Longest directory in which a provider's socket still fits: a socket's path holds 108 bytes, on macOS 104. */
const longestWorkDirectory = 60;

export class Stage {
  readonly #options: StageOptions;
  readonly #standIn: StandIn;
  readonly #work: string;
  readonly #targets: ReadonlyMap<PodVolume, string>;
  readonly #cleanup: Cleanup;
  readonly #providers = new Map<boolean, ProviderProcess>();
  readonly #written = new Map<PodVolume, readonly string[]>();
  #completed: CompletedStore;
  /** AWS's endpoints for the providers. */
  readonly #endpoints: Readonly<Record<string, string>>;

  private constructor(
    parts: {
      readonly options: StageOptions;
      readonly standIn: StandIn;
      readonly work: string;
      readonly targets: ReadonlyMap<PodVolume, string>;
      readonly completed: CompletedStore;
      readonly endpoints: Readonly<Record<string, string>>;
    },
    cleanup: Cleanup,
  ) {
    this.#options = parts.options;
    this.#standIn = parts.standIn;
    this.#work = parts.work;
    this.#targets = parts.targets;
    this.#completed = parts.completed;
    this.#endpoints = parts.endpoints;
    this.#cleanup = cleanup;
  }

  /**
   * Sets the stage; providers start with the first mount that needs them.
   * @throws ProviderError `invalid_request` for a bad store, `start_failed` when `endpointUrl` does not answer
   */
  static async open(options: StageOptions, cleanup: Cleanup): Promise<Stage> {
    const allPods = [...options.pods, ...options.passingPods];
    const sts = options.endpointUrl === undefined ? undefined : await probeSts(options.endpointUrl, options.signal);
    const completed = completeStore(readStoreFile(options.storeFile), allPods, {
      serviceAccounts: options.serviceAccounts,
      account: sts?.account,
    });
    const work = await makeWorkDirectory(cleanup);
    options.signal.throwIfAborted();
    const standIn = await startStandIn({ store: completed.document });
    cleanup.add(async () => {
      await standIn.close();
    });
    const endpoints = endpointsOf(options, standIn, sts);
    const temporary = path.join(work, 'volumes');
    const kept = await makeTargets({ kept: options.target, temporary, pods: options.pods }, cleanup);
    const passing = await makeTargets({ kept: undefined, temporary, pods: options.passingPods }, cleanup);
    const targets = new Map([...kept, ...passing]);
    return new Stage({ options, standIn, work, targets, completed, endpoints }, cleanup);
  }

  /** Roles of the pods, and what the store holds now. */
  get store(): CompletedStore {
    return this.#completed;
  }

  /** The directory that plays the pod's volume. */
  targetOf(pod: PodVolume): string {
    const target = this.#targets.get(pod);
    if (target === undefined) throw new TypeError(`no volume for ${pod.className}`);
    return target;
  }

  /** Reads the store's file again. @throws ProviderError `invalid_request`; the former store stays in force */
  reloadStore(): void {
    const { storeFile, pods, passingPods, serviceAccounts } = this.#options;
    const completed = completeStore(readStoreFile(storeFile), [...pods, ...passingPods], { serviceAccounts });
    this.#standIn.replace(completed.document);
    this.#completed = completed;
  }

  /** One NodePublishVolume. @throws ProviderError `start_failed`, or the reason of the signal */
  async mount(pod: PodVolume, { driverWrites, outage }: MountOptions): Promise<MountOutcome> {
    const { driver } = await this.#provider(driverWrites);
    const targetPath = this.targetOf(pod);
    const { namespace, serviceAccount, podUid } = pod;
    const tokens = this.#standIn.tokensAttribute({ namespace, serviceAccount, pod: pod.pod, podUid });
    const fault =
      outage === undefined
        ? undefined
        : this.#standIn.fault({
            service: 'secretsmanager',
            region: outage,
            effect: { kind: 'error', status: 500, code: 'InternalServiceError' },
          });
    try {
      const answer = await driver.mount(pod, { tokens, targetPath, signal: this.#options.signal });
      if (driverWrites) {
        await writeAsDriver(answer.files, targetPath, this.#written.get(pod));
        this.#written.set(
          pod,
          answer.files.map((file) => file.path),
        );
      }
      return { kind: 'mounted', files: await readVolume(targetPath, answer.versions) };
    } catch (error) {
      if (error instanceof MountRefused) return { kind: 'refused', refusal: error };
      throw error;
    } finally {
      fault?.remove();
    }
  }

  async #provider(driverWrites: boolean): Promise<ProviderProcess> {
    const running = this.#providers.get(driverWrites);
    if (running) return running;
    const provider = await startProvider({
      program: this.#options.program,
      volume: path.join(this.#work, driverWrites ? 'd' : 'p'),
      // Whoever has just changed the store wants to see that the next mount reads it.
      flags: [...this.#standIn.flags, '--secret-cache-ttl=0', ...(driverWrites ? ['--driver-writes-secrets'] : [])],
      environment: { ...this.#standIn.environment(), ...this.#endpoints },
      signal: this.#options.signal,
    });
    this.#cleanup.add(async () => {
      await provider.stop();
    });
    this.#providers.set(driverWrites, provider);
    return provider;
  }
}

async function makeWorkDirectory(cleanup: Cleanup): Promise<string> {
  const parent = tmpdir().length > longestWorkDirectory ? '/tmp' : tmpdir();
  const work = await mkdtemp(path.join(parent, 'try-'));
  cleanup.add(async () => {
    await rm(work, { recursive: true, force: true });
  });
  return work;
}

/** With an endpoint of the user, the stand-in plays STS only where that endpoint does not. */
function endpointsOf(
  { endpointUrl, environment }: StageOptions,
  standIn: StandIn,
  sts: StsAtEndpoint | undefined,
): Readonly<Record<string, string>> {
  if (endpointUrl === undefined) return {};
  const certificates = ['SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'].flatMap((name): [string, string][] => {
    const file = environment[name] ?? '';
    return file === '' ? [] : [[name, file]];
  });
  const stsUrl = sts?.present === true ? {} : { AWS_ENDPOINT_URL_STS: standIn.urls.sts };
  return { AWS_ENDPOINT_URL: endpointUrl, ...stsUrl, ...Object.fromEntries(certificates) };
}
