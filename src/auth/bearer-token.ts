/** The provider's own token for the Kubernetes API, read again from its file: kubelet changes it every hour. */
import { readFile } from 'node:fs/promises';
import { ProviderError, quote } from '../errors.js';
import { Secret } from '../secret.js';
import type { KubernetesConnection } from './kubernetes-connection.js';

/** Kubelet writes a new token long before the old one expires: a minute late is never too late. */
const keepMs = 60_000;

export class BearerToken {
  readonly #source: KubernetesConnection['token'];
  #kept: { readonly token: Secret; readonly readAt: number } | undefined;

  constructor(source: KubernetesConnection['token']) {
    this.#source = source;
  }

  /**
   * The token, at most a minute old; `undefined` when the connection has none.
   * @throws ProviderError `kubernetes_unavailable` when the file is not readable
   */
  async read(): Promise<string | undefined> {
    if (this.#source === undefined) return undefined;
    if ('value' in this.#source) return this.#source.value.revealText();
    const kept = this.#kept;
    if (kept !== undefined && performance.now() - kept.readAt < keepMs) return kept.token.revealText();
    const token = await readToken(this.#source.file);
    this.#kept = { token, readAt: performance.now() };
    return token.revealText();
  }

  /**
   * Forgets a token that the API refused, so that the next `read` looks at the file.
   * @returns whether there is a file to look at, and this token had been kept
   */
  forget(token: string | undefined): boolean {
    if (token === undefined || this.#kept?.token.revealText() !== token) return false;
    this.#kept = undefined;
    return true;
  }
}

async function readToken(file: string): Promise<Secret> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new ProviderError('kubernetes_unavailable', `the token file ${quote(file)} cannot be read`, { cause: error });
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new ProviderError('kubernetes_unavailable', `the token file ${quote(file)} holds no token`);
  }
  return new Secret(text);
}
