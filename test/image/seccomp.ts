/**
 * The seccomp filter of a container without capabilities, from the profile that Podman and CRI-O use as RuntimeDefault
 * (package containers-common); containerd's own differs in detail, and both come from Docker's.
 */
import { readFileSync } from 'node:fs';

export const seccompProfile = '/usr/share/containers/seccomp.json';

interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
}

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly Readonly<Record<string, unknown>>[] | null;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly archMap: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly syscalls: readonly Rule[];
}

/** `linux.seccomp` of a runtime's configuration: the rules that hold when the process has no capability. */
export function seccompWithoutCapabilities(): object {
  const profile = JSON.parse(readFileSync(seccompProfile, 'utf8')) as Profile;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const native = process.arch === 'x64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64';
  const architectures = profile.archMap
    .filter(({ architecture }) => architecture === native)
    .flatMap(({ architecture, subArchitectures }) => [architecture, ...subArchitectures]);
  const holds = ({ includes, excludes }: Rule) =>
    !includes?.caps?.length &&
    (!includes?.arches?.length || includes.arches.includes(arch)) &&
    !excludes?.arches?.includes(arch);
  const syscalls = profile.syscalls.filter(holds).map(({ names, action, errnoRet, args }) => ({
    names,
    action,
    ...(errnoRet !== undefined && { errnoRet }),
    ...(args?.length && { args }),
  }));
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures,
    syscalls,
  };
}
