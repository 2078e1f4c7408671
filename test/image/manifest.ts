/** The container of the plain manifest, which is rendered from the chart: what Kubernetes would run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';

export interface SecurityContext {
  readonly allowPrivilegeEscalation: boolean;
  readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  readonly privileged?: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly seccompProfile: { readonly type: string };
}

export interface ContainerOfManifest {
  readonly image: string;
  readonly args: readonly string[];
  readonly command?: readonly string[];
  readonly securityContext: SecurityContext;
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly volumeMounts: readonly { readonly mountPath: string; readonly mountPropagation?: string }[];
}

interface DaemonSet {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly ContainerOfManifest[] } } };
}

const file = path.resolve(import.meta.dirname, '../../deployment/aws-provider-installer.yaml');

export function containerOfManifest(): ContainerOfManifest {
  const objects = loadAll(readFileSync(file, 'utf8')) as readonly DaemonSet[];
  const [container] = objects.find(({ kind }) => kind === 'DaemonSet')?.spec.template.spec.containers ?? [];
  if (container === undefined) throw new Error(`${file} has no DaemonSet with a container`);
  return container;
}
