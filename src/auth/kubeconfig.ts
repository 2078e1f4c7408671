/** The current context of `KUBECONFIG`, for a provider outside of a cluster. */
import path from 'node:path';
import { FAILSAFE_SCHEMA, load, mergeTag, nullCoreTag } from 'js-yaml';
import { quote } from '../errors.js';
import { Secret } from '../secret.js';
import {
  readIfThere,
  serverUrl,
  startFailed,
  type KubernetesConnection,
  type ReadFile,
} from './kubernetes-connection.js';

/** Every scalar is text: a token of digits stays what it is. */
const schema = FAILSAFE_SCHEMA.withTags(mergeTag, nullCoreTag);

/** The fields of a cluster, user or context, and the folder that its relative paths start from. */
interface Entry {
  readonly fields: Fields;
  readonly folder: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Section = 'clusters' | 'contexts' | 'users';
type Merged = Record<Section, Map<string, Entry>> & { currentContext?: string };

/** @throws ProviderError `start_failed`, saying what is missing or what is not supported */
export function readKubeconfig(list: string, readFile: ReadFile): KubernetesConnection {
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

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
