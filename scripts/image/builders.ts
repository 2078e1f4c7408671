/** The programs that can execute a Dockerfile and write an OCI archive, behind one small interface. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

export interface BuildOptions {
  readonly tag: string;
  /** Directory that `COPY` reads. */
  readonly context: string;
  /** Default: the Dockerfile of the context. */
  readonly file?: string;
  readonly platform?: string;
  readonly args?: Readonly<Record<string, string>>;
  /** Files for `RUN --mount=type=secret`, by id; no layer keeps them. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface Builder {
  readonly name: string;
  /** @throws Error when the build fails; what it said is on standard error by then */
  readonly build: (options: BuildOptions) => void;
  /** Writes an image as an OCI archive that keeps its tag as name. */
  readonly save: (tag: string, file: string) => void;
  /** Standard output of a command in a container of the image. */
  readonly run: (tag: string, command: readonly string[]) => string;
}

export const builderNames = ['buildah', 'podman', 'docker'] as const;
export type BuilderName = (typeof builderNames)[number];

/**
 * The named builder, or the first one that works here.
 * @param storage directory for what a builder of its own keeps between builds
 * @throws Error that says what to install
 */
export function findBuilder(storage: string, wanted?: BuilderName): Builder {
  const name = (wanted === undefined ? builderNames : [wanted]).find(works);
  if (name === undefined) {
    const missing = wanted === undefined ? `none of ${builderNames.join(', ')} works` : `${wanted} does not work`;
    throw new Error(`${missing} on this machine: install buildah (Debian: apt-get install buildah), podman or docker`);
  }
  return name === 'buildah' ? buildah(storage) : engine(name);
}

/** Docker's command is often there without the daemon behind it. */
function works(name: BuilderName): boolean {
  return (
    spawnSync(name, name === 'docker' ? ['info'] : ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0
  );
}

/** Buildah with a store of its own, so that it neither sees nor leaves images in the user's. */
function buildah(storage: string): Builder {
  mkdirSync(storage, { recursive: true });
  const store = ['--root', path.join(storage, 'store'), '--runroot', path.join(storage, 'run')];
  // `chroot` needs no rights beyond root's in a container; an environment that says otherwise wins.
  const env = { BUILDAH_ISOLATION: 'chroot', ...process.env };
  // Overlay shares layers; over another overlay (in a container) the kernel refuses it.
  const probe = spawnSync('buildah', [...store, '--storage-driver=overlay', 'info'], { env, stdio: 'ignore' });
  const driver = process.env['STORAGE_DRIVER'] ?? (probe.status === 0 ? 'overlay' : 'vfs');
  const call = (words: readonly string[], out: Output = 'pipe') =>
    runTool('buildah', [...store, `--storage-driver=${driver}`, ...words], { env, out });
  return {
    name: 'buildah',
    build: (options) => void call(['build', '--layers', ...buildWords(options)], process.stderr),
    save: (tag, file) => void call(['push', '--quiet', tag, `oci-archive:${file}:${tag}`]),
    run: (tag, command) => {
      const container = call(['from', '--pull-never', tag]).trim();
      try {
        return call(['run', container, '--', ...command]);
      } finally {
        call(['rm', container]);
      }
    },
  };
}

/** Podman, and Docker, whose archives are OCI layouts since version 25. */
function engine(name: 'podman' | 'docker'): Builder {
  const format = name === 'podman' ? ['--format', 'oci-archive'] : [];
  const call = (words: readonly string[], out: Output = 'pipe') => runTool(name, words, { env: process.env, out });
  return {
    name,
    build: (options) => void call(['build', ...buildWords(options)], process.stderr),
    save: (tag, file) => void call(['save', ...format, '--output', file, tag]),
    run: (tag, [program = '', ...words]) => call(['run', '--rm', '--entrypoint', program, tag, ...words]),
  };
}

function buildWords({ tag, context, file, platform, args, secrets }: BuildOptions): readonly string[] {
  return [
    ...['--tag', tag, '--file', file ?? path.join(context, 'Dockerfile')],
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...Object.entries(args ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(secrets ?? {}).flatMap(([id, source]) => ['--secret', `id=${id},src=${source}`]),
    context,
  ];
}

/** Where standard output goes: to the caller, or to the user as progress. */
type Output = 'pipe' | NodeJS.WriteStream;

/** @returns standard output, when it is piped. @throws Error when the tool fails; standard error has told why */
function runTool(
  program: string,
  words: readonly string[],
  { env, out }: { readonly env: NodeJS.ProcessEnv; readonly out: Output },
): string {
  const { status, signal, error, stdout } = spawnSync(program, words, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', out, 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    throw new Error(`${program} failed (${signal ?? status ?? 'not started'}), see above`, { cause: error });
  }
  return out === 'pipe' ? stdout : '';
}
