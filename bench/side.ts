/** One of the providers that are compared: its command, a stand-in of its own, and how its process is started. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { missingNodeFlags } from '../src/process/node-flags.js';
import type { Cgroup } from './cgroup.js';
import { ProviderUnderTest } from './provider-under-test.js';
import { StandInProcess } from './stand-in-process.js';
import { Targets } from './targets.js';
import { makePod, region, store, type Pod, type PodOptions } from './world.js';

/** The command that the image runs, with the Node that runs the benchmark. */
export function defaultCommand(): readonly string[] {
  return [process.execPath, ...missingNodeFlags([]), path.resolve(import.meta.dirname, '../dist/main.js')];
}

/** What the image sets beside the path of its compile cache. */
export const imageEnvironment = { MALLOC_ARENA_MAX: '1' } as const;

export interface SideOptions {
  readonly label: string;
  readonly command: readonly string[];
  /** It knows no flags but those of AWS's provider, and finds Kubernetes only as a pod does. */
  readonly plain: boolean;
}

export interface StartOptions {
  /** How long AWS and the agent take to answer, in milliseconds; at least 1. */
  readonly awsMs: number;
  readonly driverWrites?: boolean;
  /** AWS is reached by its own host names over TLS, through the stand-in's proxy. */
  readonly tls?: boolean;
  /** The limiter of Kubernetes look-ups as it is by default; else it is lifted. */
  readonly defaultLimiter?: boolean;
  readonly cgroup?: Cgroup;
  /** A pod that is made before the provider starts, so that its mount can follow the start at once. */
  readonly firstPod?: PodOptions;
}

/** A running provider, and pods to mount with it. */
export interface Running {
  readonly provider: ProviderUnderTest;
  readonly firstPod: Pod | undefined;
  readonly pod: (name: string, options: PodOptions) => Promise<Pod>;
  readonly pods: (name: string, count: number, options: PodOptions) => Promise<readonly Pod[]>;
  /** Mounts and gives the milliseconds that it took. */
  readonly time: (pod: Pod) => Promise<number>;
  /** Mounts so many pods before anything is measured: a process just started compiles its code. */
  readonly warm: (count: number, objects: number) => Promise<void>;
}

const kubernetesMs = 1;
const inClusterFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

export class Side {
  readonly label: string;
  readonly command: readonly string[];
  readonly plain: boolean;
  readonly standIn: StandInProcess;
  #current: ProviderUnderTest | undefined;
  #isAborted = false;
  /** Node writes its compile cache there at the end of a first process, as the image brings it along. */
  readonly #cache = mkdtempSync(path.join(tmpdir(), 'bench-cache-'));

  private constructor(options: SideOptions, standIn: StandInProcess) {
    this.label = options.label;
    this.command = options.command;
    this.plain = options.plain;
    this.standIn = standIn;
  }

  /** Starts its stand-in, and the provider once, so that no measure meets cold files. */
  static async open(options: SideOptions): Promise<Side> {
    const side = new Side(options, await StandInProcess.start(store()));
    try {
      await side.run({ awsMs: 1 }, async ({ time, pod }) => time(await pod('warm', { objects: 10 })));
    } catch (error) {
      await side.close();
      throw error;
    }
    return side;
  }

  /** Has whatever is under way fail, so that it cleans up after itself. */
  abort(): void {
    this.#isAborted = true;
    this.#current?.kill();
  }

  async close(): Promise<void> {
    await this.standIn.stop();
    rmSync(this.#cache, { recursive: true, force: true });
  }

  /** Runs `use` with a new process of the provider, and ends that process whatever happens. */
  async run<T>(options: StartOptions, use: (running: Running) => Promise<T>): Promise<T> {
    if (this.#isAborted) throw new Error('stopped by a signal');
    const latencies = { aws: options.awsMs, agent: options.awsMs, kubernetes: kubernetesMs };
    await this.standIn.setLatencies(latencies);
    await this.standIn.forgetRequests();
    // Before the provider, which may get a view of the mounts of its own.
    const targets = new Targets();
    try {
      const place = { standIn: this.standIn, targets };
      const firstPod = options.firstPod && (await makePod('first', options.firstPod, place));
      const command = { words: this.#words(options), environment: this.#environment(options) };
      const provider = await ProviderUnderTest.start(command);
      this.#current = provider;
      try {
        return await use(this.#running(provider, targets, firstPod));
      } finally {
        await provider.stop();
      }
    } finally {
      targets.remove();
    }
  }

  #running(provider: ProviderUnderTest, targets: Targets, firstPod: Pod | undefined): Running {
    const place = { standIn: this.standIn, targets };
    const pod = (name: string, options: PodOptions) => makePod(name, options, place);
    const pods: Running['pods'] = (name, count, options) =>
      Promise.all(Array.from({ length: count }, (_, index) => pod(`${name}-${String(index)}`, options)));
    const time = async (mounted: Pod) => {
      const started = performance.now();
      await provider.mount(mounted.mount, mounted.names.length);
      return performance.now() - started;
    };
    const warm = async (count: number, objects: number) => {
      for (const mounted of await pods('warm', count, { objects })) await time(mounted);
    };
    return { provider, firstPod, pod, pods, time, warm };
  }

  #words({ driverWrites = false, defaultLimiter = false, cgroup }: StartOptions): readonly string[] {
    const limiter = defaultLimiter ? [] : ['--qps=1000', '--burst=2000'];
    const writes = driverWrites ? ['--driver-writes-secrets=true'] : [];
    const agent = this.plain ? [] : this.standIn.ready.flags;
    const words = [...this.#inCluster(), ...this.command, ...limiter, ...writes, ...agent];
    return cgroup?.wrap(words) ?? words;
  }

  /**
   * A plain provider reads the files of a pod's service account. They are put in place in a view of the mounts of its own,
   * on an empty `/var/run`, so that the machine keeps no trace of them.
   */
  #inCluster(): readonly string[] {
    if (!this.plain) return [];
    const { serviceAccount } = this.standIn.ready.files;
    const steps = [
      'mount -t tmpfs bench /var/run',
      `mkdir -p ${inClusterFolder}`,
      `mount --bind ${serviceAccount} ${inClusterFolder}`,
      'exec "$@"',
    ];
    return ['unshare', '--mount', 'sh', '-c', steps.join(' && '), 'sh'];
  }

  #environment({ tls = false }: StartOptions): Readonly<Record<string, string>> {
    const { environment: plainHttp, realHostNames, urls } = this.standIn.ready;
    const environment = tls ? realHostNames : plainHttp;
    const { hostname, port } = new URL(urls.kubernetes);
    const { KUBECONFIG: _, ...others } = environment;
    const inCluster = { ...others, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    return {
      AWS_REGION: region,
      NODE_COMPILE_CACHE: this.#cache,
      ...imageEnvironment,
      ...(this.plain ? inCluster : environment),
    };
  }
}
