/** Makes container images without a registry or an engine: archives in the OCI layout that containerd imports. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { run } from '../support/run.js';

export interface Image {
  /** With tag, as a pod asks for it. */
  readonly name: string;
  /** Path in the image to path on this machine, of a file or a folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
  /** Path in the image to where it leads. */
  readonly links?: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly environment?: readonly string[];
}

const mediaType = (kind: string) => `application/vnd.oci.image.${kind}`;
const platform = { os: 'linux', architecture: 'amd64' };

/** Writes the archive; of the same input always the same. */
export async function writeImage(image: Image, archive: string): Promise<void> {
  const work = mkdtempSync(`${archive}-`);
  try {
    await tar(rootOf(image, path.join(work, 'root')), path.join(work, 'layer.tar'));
    const layout = path.join(work, 'layout');
    const blobs = path.join(layout, 'blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    const layer = takeBlob(path.join(work, 'layer.tar'), blobs);
    const config = textBlob(configOf(image, layer.digest), blobs);
    const manifest = textBlob(
      {
        schemaVersion: 2,
        mediaType: mediaType('manifest.v1+json'),
        config: { mediaType: mediaType('config.v1+json'), ...config },
        layers: [{ mediaType: mediaType('layer.v1.tar'), ...layer }],
      },
      blobs,
    );
    const annotations = { 'io.containerd.image.name': image.name };
    const entry = { mediaType: mediaType('manifest.v1+json'), ...manifest, platform, annotations };
    writeFileSync(path.join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    writeFileSync(path.join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await tar(layout, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function rootOf({ files, texts = {}, links = {} }: Image, root: string): string {
  const place = (name: string) => {
    const target = path.join(root, name);
    mkdirSync(path.dirname(target), { recursive: true });
    return target;
  };
  mkdirSync(path.join(root, 'tmp'), { recursive: true });
  for (const [name, source] of Object.entries(files))
    cpSync(source, place(name), { recursive: true, dereference: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(place(name), text);
  for (const [name, target] of Object.entries(links)) symlinkSync(target, place(name));
  return root;
}

function configOf({ entrypoint, environment = [] }: Image, digest: string): object {
  return {
    ...platform,
    config: { Entrypoint: entrypoint, Env: ['PATH=/bin', ...environment] },
    rootfs: { type: 'layers', diff_ids: [digest] },
  };
}

function tar(folder: string, archive: string): Promise<string> {
  return run('tar', ['-C', folder, '--mtime=@0', '--owner=0', '--group=0', '--sort=name', '-cf', archive, '.']);
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

function describe(content: Buffer): Descriptor & { readonly hex: string } {
  const hex = createHash('sha256').update(content).digest('hex');
  return { hex, digest: `sha256:${hex}`, size: content.length };
}

function takeBlob(file: string, blobs: string): Descriptor {
  const { hex, digest, size } = describe(readFileSync(file));
  renameSync(file, path.join(blobs, hex));
  return { digest, size };
}

function textBlob(document: object, blobs: string): Descriptor {
  const content = Buffer.from(JSON.stringify(document));
  const { hex, digest, size } = describe(content);
  writeFileSync(path.join(blobs, hex), content);
  return { digest, size };
}

export interface ImageSources {
  /** Finds a program that was built or brought. */
  readonly program: (name: string) => string;
  /** Folder with the driver's CRDs. */
  readonly crds: string;
  /** The store of the examples: what the predecessor serves. */
  readonly store: string;
}

/** Every image of the cluster but the provider's own, as archives in `folder`. */
export async function writeImages(folder: string, { program, crds, store }: ImageSources): Promise<void> {
  const busybox = '/bin/busybox';
  const applets = (await run(busybox, ['--list'])).trim().split('\n');
  const links = Object.fromEntries(
    applets.filter((name) => name !== 'busybox').map((name) => [`/bin/${name}`, busybox]),
  );
  const images: readonly Image[] = [
    { name: 'localhost/pause:1', files: { '/bin/busybox': busybox }, entrypoint: [busybox, 'sleep', '2147483647'] },
    // By the name that the examples ask for: it is there, so nobody pulls it.
    { name: 'public.ecr.aws/docker/library/busybox:stable', files: { '/bin/busybox': busybox }, links, entrypoint: [] },
    {
      name: 'localhost/driver:1',
      files: { '/secrets-store-csi': program('secrets-store-csi-driver'), '/bin/busybox': busybox },
      links: { '/bin/mount': busybox, '/bin/umount': busybox },
      entrypoint: ['/secrets-store-csi'],
    },
    { name: 'localhost/crds:1', files: { '/kubectl': program('kubectl'), '/crds': crds }, entrypoint: ['/kubectl'] },
    {
      name: 'localhost/csi-sidecar:1',
      files: { '/csi-sidecar': program('csi-sidecar') },
      entrypoint: ['/csi-sidecar'],
    },
    {
      name: 'localhost/predecessor:1',
      files: { '/predecessor': program('predecessor') },
      texts: { '/values.json': JSON.stringify(plainValues(store)) },
      entrypoint: ['/predecessor'],
    },
  ];
  for (const [index, image] of images.entries()) await writeImage(image, path.join(folder, `${index}.tar`));
}

/** Names and values of the store that are one plain text. */
function plainValues(store: string): Readonly<Record<string, string>> {
  const document = load(readFileSync(store, 'utf8')) as Readonly<Record<'secrets' | 'parameters', Regions>>;
  const entries = [document.secrets, document.parameters].flatMap((regions) =>
    Object.values(regions).flatMap((region) => Object.entries(region)),
  );
  return Object.fromEntries(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}

type Regions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
