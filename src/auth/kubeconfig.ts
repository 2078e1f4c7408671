/** How to reach the Kubernetes API: as a pod of the cluster, else as `KUBECONFIG` says. */
import path from 'node:path';
import { FAILSAFE_SCHEMA, load, mergeTag, nullCoreTag } from 'js-yaml';
import { ProviderError, quote } from '../errors.js';
import { Secret } from '../secret.js';

export interface KubernetesConnection {
  /** With a path when the API server stands behind one. */
  readonly server: URL;
  /** PEM; absent: the roots that Node trusts. */
  readonly ca?: string;
  /** What to send as bearer token; a file is read again now and then, for kubelet changes such tokens. */
  readonly token?: { readonly value: Secret } | { readonly file: string };
  /** PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: Secret };
  /** The name in the server's certificate when it is not the host of `server`. */
  readonly serverName?: string;
  readonly skipTlsVerify: boolean;
}

/** Every scalar is text: a token of digits stays what it is. */
const schema = FAILSAFE_SCHEMA.withTags(mergeTag, nullCoreTag);

export type ReadFile = (path: string) => Buffer;

const inClusterFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * In a pod of the cluster: its service account. Else the current context of `KUBECONFIG`, a list of files.
 * @throws ProviderError `start_failed`, saying what is missing or what is not supported
 */
export function loadKubernetesConnection(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): KubernetesConnection {
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
  return fromKubeconfig(kubeconfig, readFile);
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

/** The fields of a cluster, user or context, and the folder that its relative paths start from. */
interface Entry {
  readonly fields: Fields;
  readonly folder: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Section = 'clusters' | 'contexts' | 'users';
type Merged = Record<Section, Map<string, Entry>> & { currentContext?: string };

function fromKubeconfig(list: string, readFile: ReadFile): KubernetesConnection {
  const merged = readFiles(list, readFile);
  const name = merged.currentContext;
  if (name === undefined) throw startFailed('KUBECONFIG has no current-context; set one, or list the file that has it');
  const context = find(merged, 'contexts', name);
  const cluster = find(merged, 'clusters', text(context, 'cluster') ?? '');
  const userName = text(context, 'user');
  const user = userName === undefined ? undefined : find(merged, 'users', userName);
  refuse(cluster, ['proxy-url'], 'cluster');
  const serverText = text(cluster, 'server');
  if (serverText === undefined) throw startFailed(`KUBECONFIG: the cluster of context ${quote(name)} has no server`);
  const ca = dataOrFile(cluster, 'certificate-authority', readFile);
  const serverName = text(cluster, 'tls-server-name');
  return {
    server: serverUrl(serverText, 'the server of KUBECONFIG'),
    ...(ca !== undefined && { ca: ca.toString('utf8') }),
    ...(serverName !== undefined && { serverName }),
    skipTlsVerify: text(cluster, 'insecure-skip-tls-verify') === 'true',
    ...(user !== undefined && credentialsOf(user, readFile)),
  };
}

function readFiles(list: string, readFile: ReadFile): Merged {
  const merged: Merged = { clusters: new Map(), contexts: new Map(), users: new Map() };
  const names = list.split(path.delimiter).filter((name) => name !== '');
  let found = 0;
  for (const name of names) {
    // As for kubectl, a file of the list may be missing.
    const content = readIfThere(name, readFile);
    if (content === undefined) continue;
    found += 1;
    merge(merged, parse(name, content), path.dirname(path.resolve(name)));
  }
  if (found === 0) throw startFailed(`KUBECONFIG names no readable file: ${quote(list)}`);
  return merged;
}

function parse(name: string, content: Buffer): Fields {
  let document: unknown;
  try {
    document = load(content.toString('utf8'), { schema });
  } catch {
    // The parser's message quotes the file, and the file holds credentials.
    throw startFailed(`KUBECONFIG: ${quote(name)} is not valid YAML`);
  }
  if (!isFields(document)) throw startFailed(`KUBECONFIG: ${quote(name)} is not a YAML map`);
  return document;
}

/** The first file that sets a name or the current context wins, as for kubectl. */
function merge(merged: Merged, document: Fields, folder: string): void {
  const context = document['current-context'];
  if (merged.currentContext === undefined && typeof context === 'string' && context !== '') {
    merged.currentContext = context;
  }
  for (const [section, key] of [
    ['clusters', 'cluster'],
    ['contexts', 'context'],
    ['users', 'user'],
  ] as const) {
    const entries = document[section];
    for (const entry of Array.isArray(entries) ? entries.filter(isFields) : []) {
      const name = entry['name'];
      const fields = entry[key];
      if (typeof name !== 'string' || merged[section].has(name)) continue;
      merged[section].set(name, { fields: isFields(fields) ? fields : {}, folder });
    }
  }
}

function find(merged: Merged, section: Section, name: string): Entry {
  const entry = merged[section].get(name);
  if (entry === undefined) throw startFailed(`KUBECONFIG has no ${quote(name)} among its ${section}`);
  return entry;
}

function credentialsOf(user: Entry, readFile: ReadFile): Pick<KubernetesConnection, 'token' | 'clientCertificate'> {
  refuse(user, ['exec', 'auth-provider', 'username', 'password', 'as', 'as-uid', 'as-groups', 'as-user-extra'], 'user');
  const token = text(user, 'token');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw startFailed('KUBECONFIG: the token of the user holds characters that no token has');
  }
  const tokenFile = text(user, 'tokenFile');
  const certificate = dataOrFile(user, 'client-certificate', readFile);
  const key = dataOrFile(user, 'client-key', readFile);
  if ((certificate === undefined) !== (key === undefined)) {
    throw startFailed('KUBECONFIG: the user has one of client-certificate and client-key; give both');
  }
  return {
    ...(token !== undefined && { token: { value: new Secret(token) } }),
    ...(tokenFile !== undefined && { token: { file: path.resolve(user.folder, tokenFile) } }),
    ...(certificate !== undefined &&
      key !== undefined && { clientCertificate: { certificate: certificate.toString('utf8'), key: new Secret(key) } }),
  };
}

function refuse(entry: Entry, fields: readonly string[], kind: string): void {
  for (const field of fields) {
    if (entry.fields[field] === undefined || entry.fields[field] === null) continue;
    throw startFailed(
      `KUBECONFIG: the ${kind} uses ${field}, which this provider does not support; ` +
        'use a token, a tokenFile or a client certificate, and a direct connection',
    );
  }
}

function dataOrFile(entry: Entry, field: string, readFile: ReadFile): Buffer | undefined {
  const data = text(entry, `${field}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const file = text(entry, field);
  if (file === undefined) return undefined;
  const content = readIfThere(path.resolve(entry.folder, file), readFile);
  if (content === undefined) throw startFailed(`KUBECONFIG: the file of ${field} is not readable: ${quote(file)}`);
  return content;
}

function text(entry: Entry, field: string): string | undefined {
  const value = entry.fields[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function serverUrl(value: string, source: string): URL {
  // kubectl takes a server without a scheme as https.
  const full = value.includes('://') ? value : `https://${value}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw startFailed(`${source} is no http or https URL: ${quote(value)}`);
  }
  return url;
}

function readIfThere(file: string, readFile: ReadFile): Buffer | undefined {
  try {
    return readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function startFailed(message: string): ProviderError {
  return new ProviderError('start_failed', message);
}
