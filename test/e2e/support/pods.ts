/** Pods that read their volume, and what they saw. */
import { apply, get, kubectl, until, type KubernetesObject } from './kubernetes.js';

const mountPath = '/mnt/secrets-store';

interface Pod extends KubernetesObject {
  readonly status: {
    readonly podIP: string;
    readonly containerStatuses?: readonly { readonly ready: boolean; readonly restartCount: number }[];
  };
}

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** Name of its SecretProviderClass. */
  readonly secretProviderClass: string;
  readonly command: string;
}

/** Applies a pod with a volume of a class; does not wait for it. */
export async function createPod({
  namespace,
  name,
  serviceAccount,
  secretProviderClass,
  command,
}: PodOptions): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      serviceAccountName: serviceAccount,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: 'public.ecr.aws/docker/library/busybox:stable',
          command: ['sh', '-c', command],
          volumeMounts: [{ name: 'secrets-store', mountPath, readOnly: true }],
        },
      ],
      volumes: [
        {
          name: 'secrets-store',
          csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true, volumeAttributes: { secretProviderClass } },
        },
      ],
    },
  };
  await apply(JSON.stringify(pod));
}

/** Waits until a pod runs. */
export function running(namespace: string, name: string): Promise<string> {
  return kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=45s');
}

/** Path in the volume to MD5 of the content, as the pod itself reads it; `target` is a pod, or `deploy/NAME`. */
export async function filesOf(namespace: string, target: string): Promise<Readonly<Record<string, string>>> {
  // The driver's own switch is a folder whose name begins with two dots.
  const command = `cd ${mountPath} && find -L . -type f ! -path './..*' | sort | xargs md5sum`;
  const lines = (await kubectl('exec', '-n', namespace, target, '--', 'sh', '-c', command)).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(36), line.slice(0, 32)]));
}

/** A pod that looks at its files five times a second. */
export class Watcher {
  readonly #namespace: string;
  readonly #name: string;

  private constructor(namespace: string, name: string) {
    this.#namespace = namespace;
    this.#name = name;
  }

  /** Starts it, and waits until it has looked. */
  static async start(options: Omit<PodOptions, 'command'> & { readonly files: readonly string[] }): Promise<Watcher> {
    const command = `
      cd ${mountPath}; looks=0
      while :; do
        looks=$((looks + 1))
        for file in ${options.files.join(' ')}; do
          [ -s $file ] && sum=$(md5sum < $file) || sum=missing
          eval last=\\$last_$(echo $file | tr -c 'a-z0-9\\n' _)
          [ "$sum" = "$last" ] || echo "$file $sum"
          eval last_$(echo $file | tr -c 'a-z0-9\\n' _)='$sum'
        done
        [ $((looks % 10)) = 0 ] && echo "looks $looks"
        sleep 0.2
      done`;
    await createPod({ ...options, command });
    await running(options.namespace, options.name);
    const watcher = new Watcher(options.namespace, options.name);
    await until('a first look of the watcher', async () => (await watcher.looks()) > 0);
    return watcher;
  }

  /** MD5 sums that a file had, in their order; `missing` where it was not there or empty. */
  async seen(file: string): Promise<readonly string[]> {
    const lines = (await this.#log()).split('\n').map((line) => line.trim().split(/ +/));
    return lines.flatMap(([name, sum]) => (name === file && sum !== undefined ? [sum] : []));
  }

  async looks(): Promise<number> {
    const counts = [...(await this.#log()).matchAll(/^looks (\d+)$/gm)];
    return Number(counts.at(-1)?.[1] ?? 0);
  }

  /** Its container has run all the while. */
  async restarts(): Promise<number> {
    const pod = await get<Pod>('pod', this.#name, '-n', this.#namespace);
    return pod.status.containerStatuses?.[0]?.restartCount ?? 0;
  }

  #log(): Promise<string> {
    return kubectl('logs', '-n', this.#namespace, this.#name);
  }
}

export type { Pod };
