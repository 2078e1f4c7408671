/** Finds the Kubernetes API: as a pod of the cluster, else as `KUBECONFIG` says. */
import {
  readIfThere,
  serverUrl,
  startFailed,
  type KubernetesConnection,
  type ReadFile,
} from './kubernetes-connection.js';

const inClusterFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Given in, because a pod of the cluster does without it, and without the YAML parser that comes with it. */
export type ReadKubeconfig = (list: string, readFile: ReadFile) => Promise<KubernetesConnection> | KubernetesConnection;

/**
 * In a pod of the cluster: its service account. Else the current context of `KUBECONFIG`, a list of files.
 * @throws ProviderError `start_failed`, saying what is missing or what is not supported
 */
export async function loadKubernetesConnection(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
  readKubeconfig: ReadKubeconfig,
): Promise<KubernetesConnection> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  const kubeconfig = env['KUBECONFIG'];
  if (host && port) {
    const connection = inCluster({ host, port }, readFile);
    if (connection !== undefined) return connection;
    if (!kubeconfig) {
      throw startFailed(
        `the Kubernetes API cannot be reached as a pod of the cluster: ${inClusterFolder}/token is not readable; ` +
          'let the pod mount its service account token, or set KUBECONFIG',
      );
    }
  }
  if (!kubeconfig) {
    throw startFailed(
      'no way to the Kubernetes API: neither is this a pod of a cluster (KUBERNETES_SERVICE_HOST and ' +
        'KUBERNETES_SERVICE_PORT are not set), nor does KUBECONFIG name a file; set KUBECONFIG',
    );
  }
  return readKubeconfig(kubeconfig, readFile);
}

function inCluster(address: { host: string; port: string }, readFile: ReadFile): KubernetesConnection | undefined {
  const tokenFile = `${inClusterFolder}/token`;
  if (readIfThere(tokenFile, readFile) === undefined) return undefined;
  const ca = readIfThere(`${inClusterFolder}/ca.crt`, readFile);
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    server: serverUrl(`https://${host}:${address.port}`, 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT'),
    token: { file: tokenFile },
    ...(ca !== undefined && { ca: ca.toString('utf8') }),
    skipTlsVerify: false,
  };
}
