/** How to reach the Kubernetes API, and what both ways to find that out need. */
import { ProviderError, quote } from '../errors.js';
import type { Secret } from '../secret.js';

export interface KubernetesConnection {
  /** With a path when the API server stands behind one. */
  readonly server: URL;
  /** PEM; absent: the roots that Node brings along. */
  readonly ca?: string;
  /** What to send as bearer token; a file is read again now and then, for kubelet changes such tokens. */
  readonly token?: { readonly value: Secret } | { readonly file: string };
  /** PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: Secret };
  /** The name in the server's certificate when it is not the host of `server`. */
  readonly serverName?: string;
  readonly skipTlsVerify: boolean;
}

export type ReadFile = (path: string) => Buffer;

/** @throws ProviderError `start_failed` */
export function serverUrl(value: string, source: string): URL {
  // kubectl takes a server without a scheme as https.
  const full = value.includes('://') ? value : `https://${value}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw startFailed(`${source} is no http or https URL: ${quote(value)}`);
  }
  return url;
}

/** `undefined` when the file cannot be read. */
export function readIfThere(file: string, readFile: ReadFile): Buffer | undefined {
  try {
    return readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

export function startFailed(message: string): ProviderError {
  return new ProviderError('start_failed', message);
}
