/** Finds out whether this machine can run the cluster, and installs the small programs that a Debian machine lacks. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { run, RunFailed } from '../support/run.js';

const controllers = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd'];
const namespaces = ['--mount', '--net', '--pid', '--fork', '--cgroup', '--ipc', '--uts'];

/** A file of each Debian package that is needed. */
const packages: Readonly<Record<string, string>> = {
  runc: '/usr/sbin/runc',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  // The other package of busybox has the same file, which needs libraries that no image of ours holds.
  'busybox-static': '/var/lib/dpkg/info/busybox-static.list',
  iproute2: '/bin/ip',
  procps: '/usr/bin/pgrep',
  openssl: '/usr/bin/openssl',
  // For the image.
  buildah: '/usr/bin/buildah',
  crun: '/usr/bin/crun',
};

/** Why the cluster cannot run here, in one sentence; `undefined` when it can. */
export async function missing(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the cluster runs on Linux on x64 only';
  if (process.getuid?.() !== 0) return 'a node needs root';
  if (!onPath('go')) return 'Go is missing, with which the cluster is built';
  const absent = controllers.filter((name) => !isWritable(`/sys/fs/cgroup/${name}/cgroup.procs`));
  if (absent.length > 0) return `control groups of version 1 are missing or read-only (${absent.join(', ')})`;
  try {
    await run('unshare', [...namespaces, 'true']);
  } catch (error) {
    if (error instanceof RunFailed) return 'this machine gives no namespaces (unshare)';
    throw error;
  }
  return installPackages();
}

async function installPackages(): Promise<string | undefined> {
  const wanted = Object.keys(packages).filter((name) => !existsSync(packages[name] ?? ''));
  if (wanted.length === 0) return undefined;
  if (!onPath('apt-get')) return `${wanted.join(', ')} are missing, and apt-get to install them`;
  try {
    await run('apt-get', ['update', '-q']);
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...wanted], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    if (error instanceof RunFailed) return `apt-get did not install ${wanted.join(', ')}`;
    throw error;
  }
  return undefined;
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    // Absent, or on a file system that is read-only even for root: no use either way.
    return false;
  }
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(`${folder}/${program}`));
}
