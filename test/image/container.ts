/** The configuration of a container as a runtime (crun, runc) reads it: an image under a pod's security context. */
import type { ImageConfig } from './oci-archive.js';
import type { SecurityContext } from './manifest.js';
import { seccompWithoutCapabilities } from './seccomp.js';

export interface ContainerOptions {
  readonly rootfs: string;
  readonly image: ImageConfig;
  readonly securityContext: SecurityContext;
  /** Appended to the image's entry point, as `args` of a pod are. */
  readonly args: readonly string[];
  /** In the place of the image's entry point, as `command` of a pod is. */
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A host directory that is there at the same path, and into which mounts of the host propagate. */
  readonly shared: string;
  readonly memoryLimitBytes?: number;
}

/** What runtimes hide in /proc and /sys of every container that is not privileged. */
const maskedPaths = [
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/sys/firmware',
];
const readonlyPaths = ['/proc/asound', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** @throws Error for a security context that this translation does not know: it must not be weaker than it says */
export function runtimeConfig(options: ContainerOptions): object {
  const { image, securityContext, shared } = options;
  const { capabilities, seccompProfile, privileged } = securityContext;
  if (capabilities.drop.join() !== 'ALL' || capabilities.add?.length || privileged === true) {
    throw new Error('a container with capabilities is not tested here');
  }
  if (seccompProfile.type !== 'RuntimeDefault') throw new Error(`seccomp ${seccompProfile.type} is not tested here`);
  const environment = Object.entries(options.environment).map(([name, value]) => `${name}=${value}`);
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: securityContext.runAsUser, gid: securityContext.runAsGroup },
      args: [...(options.command ?? image.config.Entrypoint ?? []), ...options.args],
      env: [...(image.config.Env ?? []), ...environment],
      cwd: '/',
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
      noNewPrivileges: !securityContext.allowPrivilegeEscalation,
    },
    root: { path: options.rootfs, readonly: securityContext.readOnlyRootFilesystem },
    mounts: [
      ...kernelMounts,
      { destination: shared, type: 'bind', source: shared, options: ['rbind', 'rw', 'rslave'] },
    ],
    linux: {
      // No network namespace: the stand-in for AWS listens on the host's loopback.
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      seccomp: seccompWithoutCapabilities(),
      // As containerd sets it for HostToContainer; the default would cut the mount off from the host's.
      rootfsPropagation: 'rslave',
      maskedPaths,
      readonlyPaths,
      ...(options.memoryLimitBytes !== undefined && { resources: { memory: { limit: options.memoryLimitBytes } } }),
    },
  };
}

const kernelMounts = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'size=65536k'] },
  { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'] },
];
