/** Builds or takes the image once for all suites of this folder, and lets `startProvider` run it in a container. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildImage } from '../../scripts/image/build-image.js';
import { builderNames } from '../../scripts/image/builders.js';
import type { ContainerOptions } from './container.js';
import { containerOfManifest } from './manifest.js';
import { unpackImage, type OciImage } from './oci-archive.js';
import { findRuntime, type RuntimeCommand } from './runtime.js';
import { seccompProfile } from './seccomp.js';

/** What `provider-in-image.ts` needs to know; it is another process. */
export interface ImageRun extends Omit<ContainerOptions, 'args' | 'environment'> {
  readonly runtime: RuntimeCommand;
  /** Directory of the runtime's own files. */
  readonly work: string;
  /** Where to write the process id of a container. */
  readonly pidFile?: string;
}

export interface TestImage extends OciImage {
  readonly archive: string;
  readonly run: ImageRun;
}

let prepared: TestImage | undefined;

/** The image; only inside hooks and tests. */
export function testImage(): TestImage {
  if (prepared === undefined) throw new TypeError('the image is there once the hooks have run');
  return prepared;
}

function whyNot(): string | undefined {
  const here = (name: string) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
  if (process.getuid?.() !== 0) return 'containers here need root';
  if (!here('crun')) return 'crun is missing (Debian: apt-get install crun)';
  if (!existsSync(seccompProfile)) return `${seccompProfile} is missing (Debian: golang-github-containers-common)`;
  if (process.env['IMAGE_ARCHIVE'] || builderNames.some(here)) return undefined;
  return `none of ${builderNames.join(', ')} is here, and IMAGE_ARCHIVE names no image`;
}

/** `IMAGE_ARCHIVE` names an image that is built already. */
function prepare(): TestImage {
  const archive = process.env['IMAGE_ARCHIVE'] ?? buildImage({ base: 'npm' }).archive;
  const work = mkdtempSync('/var/tmp/image-test-');
  // Short, because paths of sockets hold 107 bytes.
  const shared = path.join(work, 't');
  mkdirSync(shared);
  // As on a node: what is mounted in it later shows up in the containers that see it (HostToContainer).
  execFileSync('mount', ['--bind', shared, shared]);
  try {
    execFileSync('mount', ['--make-shared', shared]);
    const image = unpackImage(archive, work);
    const { securityContext } = containerOfManifest();
    const container = { rootfs: image.rootfs, image: image.config, securityContext, shared };
    const run: ImageRun = { ...container, work, runtime: findRuntime(work, container) };
    writeFileSync(path.join(work, 'run.json'), JSON.stringify(run));
    return { ...image, archive, run };
  } catch (error) {
    discard(work, shared);
    throw error;
  }
}

function discard(work: string, shared: string): void {
  execFileSync('umount', ['--recursive', shared]);
  rmSync(work, { recursive: true, force: true });
}

const saved = { TMPDIR: process.env['TMPDIR'], PROVIDER_COMMAND: process.env['PROVIDER_COMMAND'] };

before('the image', function () {
  this.timeout(900_000);
  const reason = whyNot();
  if (reason !== undefined) {
    process.stderr.write(`skipped: ${reason}\n`);
    this.skip(); // Nothing to build an image with, or not root: `.ci/run` counts it as skipped.
  }
  prepared = prepare();
  const { run } = prepared;
  process.env['TMPDIR'] = run.shared;
  const launcher = path.join(import.meta.dirname, 'provider-in-image.ts');
  const command = ['/usr/bin/env', `IMAGE_RUN=${run.work}/run.json`, process.execPath, '--import=tsx', launcher];
  process.env['PROVIDER_COMMAND'] = command.join(' ');
});

after('the image', () => {
  for (const [name, value] of Object.entries(saved)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  if (prepared === undefined) return;
  const { work, runtime, shared } = prepared.run;
  const [program, ...flags] = runtime;
  // What a failed test left running.
  const list = spawnSync(program, [...flags, 'list', '--quiet'], { encoding: 'utf8' }).stdout;
  for (const id of list.split('\n').filter((line) => line !== '')) {
    spawnSync(program, [...flags, 'delete', '--force', id], { stdio: 'ignore' });
  }
  discard(work, shared);
});
