/** Executes the Dockerfile and writes the image as an OCI archive. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { toolsDirectory } from '../tools-directory.js';
import { findBuilder, type Builder, type BuilderName } from './builders.js';
import { buildNpmBases } from './npm-base.js';
import { runNpm } from '../npm.js';

export const root = path.resolve(import.meta.dirname, '../..');

export interface ImageOptions {
  /** Default `localhost/<name of the package>:<its version>`. */
  readonly tag?: string | undefined;
  /** The archive; default `dist/image.oci.tar`. */
  readonly output?: string | undefined;
  /** `linux/amd64` or `linux/arm64`; default this machine's. */
  readonly platform?: string | undefined;
  /** `npm` assembles both bases from the package registry; otherwise the Dockerfile's own or the two below. */
  readonly base?: 'registry' | 'npm' | undefined;
  readonly buildImage?: string | undefined;
  readonly runtimeImage?: string | undefined;
  readonly builder?: BuilderName | undefined;
}

export interface BuiltImage {
  readonly tag: string;
  /** Absolute path of the archive. */
  readonly archive: string;
  readonly builder: Builder;
}

/** @throws Error that says in a sentence why there is no image */
export function buildImage(options: ImageOptions = {}): BuiltImage {
  const tools = path.join(toolsDirectory(), 'image');
  const builder = findBuilder(path.join(tools, 'buildah'), options.builder);
  const { name, version, repository } = readPackage();
  const tag = options.tag ?? `localhost/${name}:${version}`;
  const archive = path.resolve(root, options.output ?? 'dist/image.oci.tar');
  const bases = chooseBases(options, builder, tools);
  builder.build({
    tag,
    context: root,
    ...(options.platform !== undefined && { platform: options.platform }),
    args: { ...bases, VERSION: version, REVISION: revision(), ...(repository !== undefined && { SOURCE: repository }) },
    secrets: npmSecrets(),
  });
  mkdirSync(path.dirname(archive), { recursive: true });
  // Renamed when it is whole: another run may be reading the one that is there.
  const unfinished = `${archive}.${String(process.pid)}`;
  try {
    builder.save(tag, unfinished);
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return { tag, archive, builder };
}

function chooseBases(options: ImageOptions, builder: Builder, tools: string): Record<string, string> {
  const { base = 'registry', platform, buildImage, runtimeImage } = options;
  if (base === 'npm') {
    const own = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
    if (platform !== undefined && platform !== own) {
      throw new Error(`--base=npm takes libraries of this machine and is for ${own} alone, not for ${platform}`);
    }
    const { build, runtime } = buildNpmBases(builder, tools);
    return { BUILD_IMAGE: build, RUNTIME_IMAGE: runtime };
  }
  return {
    ...(buildImage !== undefined && { BUILD_IMAGE: buildImage }),
    ...(runtimeImage !== undefined && { RUNTIME_IMAGE: runtimeImage }),
  };
}

/** The commit, with a mark when the working tree differs from it. */
function revision(): string {
  try {
    const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '-modified');
  } catch {
    return 'unknown'; // a source archive
  }
}

/** What npm needs on this machine to reach its registry: the user's settings and added certificates. */
function npmSecrets(): Record<string, string> {
  const candidates = {
    npmrc: runNpm(['config', 'get', 'userconfig']).trim(),
    ca: process.env['NODE_EXTRA_CA_CERTS'] ?? '',
  };
  return Object.fromEntries(Object.entries(candidates).filter(([, file]) => file !== '' && existsSync(file)));
}

export function readPackage(): { readonly name: string; readonly version: string; readonly repository?: string } {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as ReturnType<typeof readPackage>;
}
