/** The EKS Pod Identity Agent on this node: a pod's token in, the credentials of its association out. */
import http from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../log.js';
import type { AddressPreference } from '../mount/types.js';
import type { Secret } from '../secret.js';
import { readStandardRoots } from '../network/trusted-roots.js';
import { httpGet, NoAnswerError, type Answer } from './http-get.js';
import { jittered, wait } from '../wait.js';

type Family = 'ipv4' | 'ipv6';

export interface PodIdentityAgentOptions {
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Full URLs; the Host header follows them. */
  readonly ipv4Url: string;
  readonly ipv6Url: string;
  readonly log: Logger;
}

export interface AgentRequest {
  readonly token: Secret;
  readonly preference: AddressPreference;
  readonly signal: AbortSignal;
  /** Called for every request that goes out. */
  readonly onRequest: () => void;
}

/** What the agent said, whatever the status, and where; or why none of the addresses gave an answer. */
export type AgentOutcome =
  | { readonly url: string; readonly answer: Answer }
  | { readonly failures: readonly { readonly url: string; readonly reason: string }[] };

/** An agent that answers has one token of credentials to say. */
const maxAnswerBytes = 64 * 1024;

/** Requests to one address as long as it answers with a fault of its own. */
const answeredAttempts = 3;
const faultPauseMs = 100;

/** Rounds over all addresses as long as none answers: the agent may just be replaced by its next version. */
const rounds = 2;
const roundPauseMs = 200;

/** Knows which address family answered last. Never goes through a proxy. */
export class PodIdentityAgent {
  readonly #options: PodIdentityAgentOptions;
  readonly #urls: Readonly<Record<Family, URL>>;
  // No keep-alive: a request for a pod is rare, a connection on the node cheap, and a stale one a failed mount.
  readonly #plain = new http.Agent({ keepAlive: false });
  readonly #tls: https.Agent | undefined;
  #answeredLast: Family = 'ipv4';

  constructor(options: PodIdentityAgentOptions) {
    this.#options = options;
    this.#urls = { ipv4: new URL(options.ipv4Url), ipv6: new URL(options.ipv6Url) };
    if (Object.values(this.#urls).every(({ protocol }) => protocol !== 'https:')) return;
    const secureContext = createSecureContext({ ca: readStandardRoots(process.env) });
    this.#tls = new https.Agent({ keepAlive: false, secureContext });
  }

  /**
   * Asks the addresses that `preference` allows until one gives an HTTP answer: that is final, unless it is a fault of
   * the agent itself, which is asked again.
   * @throws `request.signal.reason`
   */
  async ask(request: AgentRequest): Promise<AgentOutcome> {
    for (let round = 1; ; round += 1) {
      const failures = [];
      for (const family of this.#order(request.preference)) {
        const outcome = await this.#askFamily(family, request);
        const url = this.#urls[family].href;
        if (!(outcome instanceof NoAnswerError)) {
          if (request.preference === 'auto') this.#remember(family);
          return { url, answer: outcome };
        }
        failures.push({ url, reason: outcome.message });
      }
      if (round === rounds) return { failures };
      await wait(jittered(roundPauseMs), request.signal);
    }
  }

  #order(preference: AddressPreference): readonly Family[] {
    if (preference !== 'auto') return [preference];
    return this.#answeredLast === 'ipv4' ? ['ipv4', 'ipv6'] : ['ipv6', 'ipv4'];
  }

  #remember(family: Family): void {
    if (family === this.#answeredLast) return;
    this.#answeredLast = family;
    this.#options.log.info('the pod identity agent answers on another address', { url: this.#urls[family].href });
  }

  async #askFamily(family: Family, request: AgentRequest): Promise<Answer | NoAnswerError> {
    let last: Answer | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(this.#urls[family], request);
      if (outcome instanceof NoAnswerError) return last ?? outcome;
      if (attempt === answeredAttempts || !isFault(outcome)) return outcome;
      last = outcome;
      await wait(jittered(faultPauseMs * attempt), request.signal);
    }
  }

  async #attempt(url: URL, request: AgentRequest): Promise<Answer | NoAnswerError> {
    request.signal.throwIfAborted();
    request.onRequest();
    try {
      return await httpGet({
        url,
        agent: (url.protocol === 'https:' && this.#tls) || this.#plain,
        headers: { authorization: request.token.revealText(), accept: 'application/json' },
        timeoutMs: this.#options.timeoutMs,
        connectTimeoutMs: Math.min(this.#options.connectTimeoutMs, this.#options.timeoutMs),
        maxBytes: maxAnswerBytes,
        signal: request.signal,
      });
    } catch (error) {
      if (error instanceof NoAnswerError) return error;
      throw error;
    }
  }
}

function isFault({ status }: Answer): boolean {
  return status >= 500 || status === 429 || status === 408;
}
