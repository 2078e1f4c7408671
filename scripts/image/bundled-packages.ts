/** The npm packages whose code is in a bundle, by what esbuild says of it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';

/** What the image holds of `dist`: two programs, and the parts that the first one loads when it needs them. */
export const imageFiles = ['main.js', 'parts', 'extract-worker.js', 'package.json'] as const;

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package states it. */
  readonly license: string;
  /** Where it is installed, from the root of the repository. */
  readonly directory: string;
}

/** Packages of which at least one byte is in one of the image's programs, by name and version. */
export function bundledPackages(root: string): readonly BundledPackage[] {
  const metafile = JSON.parse(readFileSync(path.join(root, 'dist/metafile.json'), 'utf8')) as Metafile;
  const directories = new Set<string>();
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    // The outputs lie in a folder of the build.
    const [, file = ''] = /^[^/]+\/(.*)$/.exec(output) ?? [];
    if (!imageFiles.some((name) => file === name || file.startsWith(`${name}/`))) continue;
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const directory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (directory !== undefined && bytesInOutput > 0) directories.add(directory);
    }
  }
  const packages = [...directories].map((directory) => readPackage(root, directory));
  return packages.sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
}

/** @throws Error when a package states no licence: somebody has to look at it */
function readPackage(root: string, directory: string): BundledPackage {
  const file = path.join(root, directory, 'package.json');
  const { name, version, license } = JSON.parse(readFileSync(file, 'utf8')) as Partial<BundledPackage>;
  if (!name || !version || typeof license !== 'string') throw new Error(`${file} states no name, version or licence`);
  return { name, version, license, directory };
}
