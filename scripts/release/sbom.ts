/** The bill of materials of an image in CycloneDX's JSON: the packages in its programs, and Node with what it links. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import parseLicense from 'spdx-expression-parse';
import { bundledPackages, type BundledPackage } from '../image/bundled-packages.js';

export interface SbomOptions {
  /** The repository, with `dist/metafile.json` and installed packages. */
  readonly root: string;
  /** `process.versions` of the image's own Node. */
  readonly nodeVersions: Readonly<Record<string, string>>;
  readonly platform: string;
  /** The base of the image as it was named; a scanner finds the packages of the operating system in the image itself. */
  readonly base: string;
  readonly timestamp: Date;
}

const licenses = new Contrib.License.Factories.LicenseFactory(parseLicense);
const { ComponentBuilder } = Contrib.FromNodePackageJson.Builders;
const builder = new ComponentBuilder(new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(), licenses);

/** Libraries that are compiled into Node and have their own advisories, by their key in `process.versions`. */
const partsOfNode = [
  'ada',
  'ares',
  'brotli',
  'llhttp',
  'nghttp2',
  'openssl',
  'simdjson',
  'undici',
  'uv',
  'v8',
  'zlib',
  'zstd',
];

export function makeSbom(options: SbomOptions): string {
  const { root, nodeVersions, platform, base, timestamp } = options;
  const program = componentOf(readJson(path.join(root, 'package.json')), Enums.ComponentType.Application);
  const lock = readJson(path.join(root, 'package-lock.json')) as unknown as Lock;
  const packages = bundledPackages(root).map((item) => packageComponent(root, lock, item));
  const bom = new Models.Bom({ serialNumber: Contrib.Bom.Utils.randomSerialNumber() });
  bom.metadata.timestamp = timestamp;
  bom.metadata.component = program;
  bom.metadata.properties.add(new Models.Property('image:platform', platform));
  bom.metadata.properties.add(new Models.Property('image:base', base));
  for (const component of [...packages, nodeComponent(nodeVersions)]) {
    bom.components.add(component);
    program.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return serializer.serialize(bom, { sortLists: true, space: 2 }) + '\n';
}

type Json = Readonly<Record<string, unknown>>;

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string } | undefined>>;
}

function readJson(file: string): Json {
  return JSON.parse(readFileSync(file, 'utf8')) as Json;
}

function componentOf(manifest: Json, type: Enums.ComponentType): Models.Component {
  const component = builder.makeComponent(manifest, type);
  if (component === undefined) throw new TypeError(`no component for ${String(manifest['name'])}`);
  component.bomRef.value = `${component.group ? `${component.group}/` : ''}${component.name}@${component.version ?? ''}`;
  return component;
}

function packageComponent(root: string, lock: Lock, { directory, version }: BundledPackage): Models.Component {
  const component = componentOf(readJson(path.join(root, directory, 'package.json')), Enums.ComponentType.Library);
  const { group, name } = component;
  component.purl = new PackageURL('npm', group, name, version, undefined, undefined).toString();
  const [algorithm, digest] = lock.packages[directory]?.integrity?.split('-') ?? [];
  if (algorithm === 'sha512' && digest !== undefined) {
    component.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex'));
  }
  return component;
}

/** Node, and inside of it what it brings. */
function nodeComponent(versions: Readonly<Record<string, string>>): Models.Component {
  const part = (name: string, version: string, type: Enums.ComponentType) =>
    new Models.Component(type, name, {
      version,
      bomRef: `${name}@${version}`,
      purl: new PackageURL('generic', undefined, name, version, undefined, undefined).toString(),
    });
  const version = versions['node'] ?? '';
  const node = part('node', version, Enums.ComponentType.Platform);
  node.cpe = `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:lts:*:*:*`;
  for (const name of partsOfNode) {
    const found = versions[name];
    if (found !== undefined) node.components.add(part(name, found, Enums.ComponentType.Library));
  }
  return node;
}
