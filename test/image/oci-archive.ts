/** Reads an OCI archive as a container runtime does: configuration, layers, and the root file system they make. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Healthcheck?: unknown;
  };
}

export interface OciImage {
  /** The name that the archive gives the image. */
  readonly name: string;
  readonly config: ImageConfig;
  /** Compressed size of all layers, in bytes: what a node downloads. */
  readonly layerBytes: number;
  /** Directory with all layers laid over each other. */
  readonly rootfs: string;
  /** Names at its top, before a runtime adds what it mounts on. */
  readonly top: readonly string[];
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Unpacks the only image of an archive into an empty directory; needs root, for the owners of files. */
export function unpackImage(archive: string, directory: string): OciImage {
  const layout = path.join(directory, 'layout');
  const rootfs = path.join(directory, 'rootfs');
  for (const folder of [layout, rootfs]) mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', layout]);
  const blob = (digest: string) => path.join(layout, 'blobs', ...digest.split(':'));
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const { manifests } = read(path.join(layout, 'index.json')) as { manifests: readonly Descriptor[] };
  const [manifest, ...others] = manifests;
  if (manifest === undefined || others.length > 0)
    throw new Error(`${archive} holds ${manifests.length} images, not one`);
  const { config, layers } = read(blob(manifest.digest)) as { config: Descriptor; layers: readonly Descriptor[] };
  for (const { digest } of layers) {
    const names = execFileSync('tar', ['-tf', blob(digest)], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    // A layer that removes files of another would need more than tar.
    if (/(^|\/)\.wh\./m.test(names)) throw new Error(`layer ${digest} removes files of the layers below`);
    execFileSync('tar', ['-xpf', blob(digest), '-C', rootfs]);
  }
  const image = {
    name: manifest.annotations?.['org.opencontainers.image.ref.name'] ?? '',
    config: read(blob(config.digest)) as ImageConfig,
    layerBytes: layers.reduce((sum, { size }) => sum + size, 0),
    rootfs,
    top: readdirSync(rootfs).sort(),
  };
  rmSync(layout, { recursive: true });
  return image;
}
