/** Builds the programs of the cluster from their Go modules, once a machine: a build whose inputs are unchanged is reused. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { moveInto, toolsDirectory } from '../../../scripts/tools-directory.js';
import { run } from '../support/run.js';

const driverModule = 'sigs.k8s.io/secrets-store-csi-driver';
const componentVersion = 'k8s.io/component-base/version';
const kubernetesVersion = 'v1.36.3';
const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');

interface Build {
  readonly packages: readonly string[];
  readonly tags?: string;
  /** Go variables set by the linker, without which programs call themselves v0.0.0. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** By folder, each a Go module with its own go.mod: their dependencies would not agree in one. */
const builds: Readonly<Record<string, Build>> = {
  driver: {
    packages: [`${driverModule}/cmd/secrets-store-csi-driver`, './predecessor'],
    variables: { [`${driverModule}/pkg/version.BuildVersion`]: 'v1.6.0' },
  },
  etcd: { packages: ['.'] },
  containerd: {
    packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(
      (name) => `github.com/containerd/containerd/v2/cmd/${name}`,
    ),
    tags: 'no_btrfs no_devmapper no_zfs',
  },
  k8s: {
    packages: ['./hyperkube', './csi-sidecar'],
    variables: {
      [`${componentVersion}.gitVersion`]: kubernetesVersion,
      [`${componentVersion}.gitMajor`]: major,
      [`${componentVersion}.gitMinor`]: minor,
    },
  },
};

export interface Tools {
  /** Directories with programs. */
  readonly bin: readonly string[];
  /** The driver's own chart, and its CRDs. */
  readonly driverChart: string;
  readonly crds: string;
}

/** The built programs; says what it builds, for a first build takes a quarter of an hour. */
export async function buildTools(say: (line: string) => void, signal: AbortSignal): Promise<Tools> {
  const folders: string[] = [];
  for (const [name, build] of Object.entries(builds)) {
    const source = path.join(import.meta.dirname, name);
    const folder = path.join(toolsDirectory(), 'e2e', `${name}-${fingerprint(source, build)}`);
    if (!existsSync(folder)) {
      const start = Date.now();
      say(`building ${name} (once a machine)`);
      await buildInto(folder, { source, build, withCharts: name === 'driver', signal });
      say(`built ${name} in ${((Date.now() - start) / 1000).toFixed(0)} s`);
    }
    folders.push(folder);
  }
  const driver = folders[0] ?? '';
  return { bin: folders, driverChart: path.join(driver, 'chart'), crds: path.join(driver, 'crds') };
}

function fingerprint(source: string, build: Build): string {
  const hash = createHash('sha256').update(JSON.stringify(build));
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    hash.update(`${path.relative(source, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

interface Task {
  readonly source: string;
  readonly build: Build;
  readonly withCharts: boolean;
  readonly signal: AbortSignal;
}

async function buildInto(folder: string, { source, build, withCharts, signal }: Task): Promise<void> {
  mkdirSync(path.dirname(folder), { recursive: true });
  // Beside its place, so that the rename at the end is atomic and a build that was stopped leaves nothing that counts.
  const work = mkdtempSync(`${folder}-`);
  try {
    const variables = Object.entries(build.variables ?? {}).map(([name, value]) => ` -X ${name}=${value}`);
    const flags = ['-trimpath', '-tags', build.tags ?? '', '-ldflags', `-s -w${variables.join('')}`];
    const go = goIn(source, signal);
    await go(['build', ...flags, '-o', `${work}/`, ...build.packages]);
    if (withCharts) {
      const directory = (await go(['list', '-m', '-f', '{{.Dir}}', driverModule])).trim();
      cpSync(path.join(directory, 'charts/secrets-store-csi-driver'), path.join(work, 'chart'), { recursive: true });
      cpSync(path.join(directory, 'config/crd/bases'), path.join(work, 'crds'), { recursive: true });
    }
    moveInto(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function goIn(directory: string, signal: AbortSignal): (args: readonly string[]) => Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' };
  // A build takes every core for minutes: whatever else runs on the machine goes first.
  return (args) => run('nice', ['-n', '5', 'go', ...args], { cwd: directory, env, signal });
}
