/** The pods to play: one for each SecretProviderClass, as its manifests describe it. */
import { createHash, randomUUID } from 'node:crypto';
import { ProviderError, quote } from '../errors.js';
import type { ClassManifest, Manifests, WorkloadManifest } from './manifests.js';

/** One volume of one pod. */
export interface PodVolume {
  readonly className: string;
  readonly title: string;
  /** The file with the class, as the user named it. */
  readonly source: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
  readonly podUid: string;
  /** Name of the volume in the pod. */
  readonly volume: string;
  /** The class's parameters and over them the pod's volume attributes, as the driver merges them. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface PodChoices {
  readonly namespace?: string | undefined;
  readonly serviceAccount?: string | undefined;
  /** Use EKS Pod Identity whatever the class says, as a pod can by its volume attributes. */
  readonly podIdentity: boolean;
}

/** @throws ProviderError `invalid_request` when two classes of one namespace have one name */
export function planPods(manifests: Manifests, choices: PodChoices): readonly PodVolume[] {
  const seen = new Set<string>();
  return manifests.classes.map((manifest) => {
    const pod = planPod(manifest, manifests, choices);
    const key = `${pod.namespace}/${pod.className}`;
    if (seen.has(key)) {
      throw new ProviderError('invalid_request', `${quote(manifest.source)}: class ${quote(key)} is defined twice`);
    }
    seen.add(key);
    return pod;
  });
}

function planPod(manifest: ClassManifest, manifests: Manifests, choices: PodChoices): PodVolume {
  const workload = manifests.workloads.find((candidate) => mounts(candidate, manifest));
  const volume = workload?.volumes.find(({ className }) => className === manifest.name);
  const namespace = choices.namespace ?? manifest.namespace ?? workload?.namespace ?? 'default';
  return {
    className: manifest.name,
    title: manifest.description ?? `SecretProviderClass ${manifest.name}`,
    source: manifest.source,
    namespace,
    serviceAccount: choices.serviceAccount ?? serviceAccountOf(manifest, workload, manifests),
    pod: podName(workload, manifest.name),
    podUid: randomUUID(),
    volume: volume?.name ?? 'secrets-store',
    attributes: {
      ...manifest.parameters,
      secretProviderClass: manifest.name,
      ...volume?.attributes,
      ...(choices.podIdentity ? { usePodIdentity: 'true' } : {}),
    },
  };
}

function mounts(workload: WorkloadManifest, { name, namespace }: ClassManifest): boolean {
  const sameNamespace = (workload.namespace ?? 'default') === (namespace ?? 'default');
  return sameNamespace && workload.volumes.some(({ className }) => className === name);
}

/** Without a workload the file's only service account is meant. */
function serviceAccountOf(
  manifest: ClassManifest,
  workload: WorkloadManifest | undefined,
  manifests: Manifests,
): string {
  if (workload) return workload.serviceAccount ?? 'default';
  const namespace = manifest.namespace ?? 'default';
  const candidates = manifests.serviceAccounts.filter((account) => (account.namespace ?? 'default') === namespace);
  return (candidates.length === 1 ? candidates[0]?.name : undefined) ?? 'default';
}

/** Pods of a Deployment have a suffix; the same in every run here, so that outputs can be compared. */
function podName(workload: WorkloadManifest | undefined, className: string): string {
  if (workload === undefined) return `${className}-pod`;
  if (workload.kind === 'Pod') return workload.name;
  return `${workload.name}-${createHash('sha256').update(workload.name).digest('hex').slice(0, 5)}`;
}
