/** The files that clients of the stand-in need: CA, kubeconfigs and a pod's service account directory. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StandInFiles } from './types.js';

export interface FileContents {
  readonly ca: string;
  readonly kubernetes: string;
  readonly kubernetesPlain: string;
  readonly kubernetesToken: string;
}

/** Writes all files into a new directory of the system's temporary one. */
export function writeFiles(contents: FileContents): StandInFiles {
  const directory = mkdtempSync(path.join(tmpdir(), 'stand-in-'));
  const serviceAccount = path.join(directory, 'serviceaccount');
  mkdirSync(serviceAccount);
  const write = (name: string, text: string) => {
    const file = path.join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  write('serviceaccount/token', contents.kubernetesToken);
  write('serviceaccount/ca.crt', contents.ca);
  write('serviceaccount/namespace', 'kube-system');
  const authority = Buffer.from(contents.ca).toString('base64');
  return {
    directory,
    ca: write('ca.pem', contents.ca),
    kubeconfig: write('kubeconfig.yaml', kubeconfig(contents.kubernetes, contents.kubernetesToken, authority)),
    kubeconfigPlain: write('kubeconfig-plain.yaml', kubeconfig(contents.kubernetesPlain, contents.kubernetesToken)),
    serviceAccount,
  };
}

function kubeconfig(server: string, token: string, authority?: string): string {
  // The Kubernetes project's client takes plain HTTP only when it is told not to look at certificates.
  const trust =
    authority === undefined ? { 'insecure-skip-tls-verify': true } : { 'certificate-authority-data': authority };
  const cluster = { server, ...trust };
  // JSON is YAML.
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'stand-in', cluster }],
      users: [{ name: 'provider', user: { token } }],
      contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'provider' } }],
      'current-context': 'stand-in',
    },
    undefined,
    2,
  );
}
