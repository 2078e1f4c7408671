/** The few things of the Kubernetes API that identity and region need, read over connections that stay open. */
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import * as budgets from '../budgets.js';
import { describeError, ProviderError, quote } from '../errors.js';
import type { MountContext } from '../mount/ports.js';
import { createNameLookup } from '../network/name-lookup.js';
import { redact } from '../redact.js';
import { SharedCalls } from '../shared-calls.js';
import { readStandardRoots } from '../network/trusted-roots.js';
import { BearerToken } from './bearer-token.js';
import { httpGet, NoAnswerError, type Answer } from './http-get.js';
import type { KubernetesConnection } from './kubernetes-connection.js';
import { RateLimiter } from './rate-limit.js';
import { jittered, wait } from '../wait.js';

export interface ServiceAccount {
  readonly uid: string;
  readonly annotations: ReadonlyMap<string, string>;
}

/**
 * Answers are not kept; equal look-ups in flight are one request. `undefined` means that the object does not exist.
 * Each throws ProviderError `kubernetes_denied` or `kubernetes_unavailable`, or the reason of the mount's signal.
 */
export interface KubernetesApi {
  serviceAccount(namespace: string, name: string, context: MountContext): Promise<ServiceAccount | undefined>;
  /** The name of the node that a pod runs on; `undefined` also when the pod is not bound to a node yet. */
  podNode(namespace: string, name: string, context: MountContext): Promise<string | undefined>;
  nodeLabels(name: string, context: MountContext): Promise<ReadonlyMap<string, string> | undefined>;
}

export interface KubernetesApiOptions {
  readonly connection: KubernetesConnection;
  /** As in client-go: requests a second; 0 means 5, negative means no limit. */
  readonly qps: number;
  /** As in client-go: requests that may go out at once; 0 means 10. */
  readonly burst: number;
  /** For tests; `budgets.kubernetesIdleMs` otherwise. */
  readonly idleMs?: number;
}

/** @throws ProviderError `start_failed` when a certificate or key of the connection cannot be used */
export function createKubernetesApi(options: KubernetesApiOptions): KubernetesApi {
  const reader = new Reader(options);
  return {
    async serviceAccount(namespace, name, context) {
      const found = await reader.read({ resource: 'serviceaccounts', namespace, name }, context);
      if (found === undefined) return undefined;
      const metadata = fieldsOf(found['metadata']);
      return { uid: textOf(metadata['uid']) ?? '', annotations: textMap(metadata['annotations']) };
    },
    async podNode(namespace, name, context) {
      const found = await reader.read({ resource: 'pods', namespace, name }, context);
      return found === undefined ? undefined : textOf(fieldsOf(found['spec'])['nodeName']);
    },
    async nodeLabels(name, context) {
      const found = await reader.read({ resource: 'nodes', name }, context);
      return found === undefined ? undefined : textMap(fieldsOf(found['metadata'])['labels']);
    },
  };
}

interface Lookup {
  readonly resource: 'serviceaccounts' | 'pods' | 'nodes';
  readonly namespace?: string;
  readonly name: string;
}

type Fields = Readonly<Record<string, unknown>>;

const maxAnswerBytes = 1024 * 1024;
const attempts = 3;
const firstPauseMs = 100;

/** A server that wants us to come back later than this has, for a mount, no answer. */
const longestPauseMs = 10_000;

class Reader {
  readonly #connection: KubernetesConnection;
  readonly #limiter: RateLimiter;
  readonly #agent: http.Agent | https.Agent;
  readonly #bearer: BearerToken;
  readonly #inFlight = new SharedCalls<Fields | undefined>();

  constructor(options: KubernetesApiOptions) {
    this.#connection = options.connection;
    this.#limiter = new RateLimiter(options);
    this.#agent = createAgent(options);
    this.#bearer = new BearerToken(options.connection.token);
  }

  async read(lookup: Lookup, context: MountContext): Promise<Fields | undefined> {
    const path = pathOf(lookup);
    try {
      return await this.#inFlight.run(path, context.signal, (signal) => this.#request(lookup, path, context, signal));
    } catch (error) {
      // That time is up says less than for what it was waited.
      if (!(error instanceof ProviderError) || error.code !== 'timed_out') throw error;
      const reason = 'no answer in the time that this mount had, its turn under --qps and --burst included';
      throw unavailable(lookup, reason, error);
    }
  }

  async #request(
    lookup: Lookup,
    path: string,
    context: MountContext,
    signal: AbortSignal,
  ): Promise<Fields | undefined> {
    const url = new URL(this.#connection.server.href.replace(/\/+$/, '') + path);
    for (let attempt = 1; ; attempt += 1) {
      await this.#limiter.take(lookup.namespace ?? '', signal, () => context.startWait('turn'));
      const token = await this.#bearer.read();
      context.count('kubernetes');
      const outcome = await this.#attempt(url, token, lookup, signal);
      if (outcome instanceof NoAnswerError) {
        if (attempt === attempts) throw unavailable(lookup, outcome.message, outcome);
        await wait(jittered(firstPauseMs * attempt), signal);
        continue;
      }
      if (outcome.status === 200) return parseAnswer(outcome, lookup);
      if (outcome.status === 404) return undefined;
      // A token that was changed on disk meanwhile is read again at once, and the old one refused.
      const staleToken = attempt === 1 && outcome.status === 401 && this.#bearer.forget(token);
      const pauseMs = staleToken ? 0 : pauseAfter(outcome, attempt);
      if (pauseMs === undefined || attempt === attempts) throw failure(lookup, outcome, token);
      await wait(pauseMs, signal);
    }
  }

  async #attempt(
    url: URL,
    token: string | undefined,
    lookup: Lookup,
    signal: AbortSignal,
  ): Promise<Answer | NoAnswerError> {
    // Of a node only the labels count: without its status (images, conditions) the answer is a tenth of the size.
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
    try {
      return await httpGet({
        url,
        agent: this.#agent,
        headers: {
          accept: lookup.resource === 'nodes' ? accept : 'application/json',
          'user-agent': 'secrets-store-csi-driver-provider-aws',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        timeoutMs: budgets.kubernetesAttemptMs,
        maxBytes: maxAnswerBytes,
        signal,
      });
    } catch (error) {
      if (error instanceof NoAnswerError) return error;
      throw error;
    }
  }
}

function createAgent({ connection, idleMs }: KubernetesApiOptions): http.Agent | https.Agent {
  const kept = {
    keepAlive: true,
    maxSockets: budgets.kubernetesSockets,
    timeout: idleMs ?? budgets.kubernetesIdleMs,
    // A server that is known by name must not wait for names that tenants choose.
    lookup: createNameLookup(),
  };
  if (connection.server.protocol === 'http:') return new http.Agent(kept);
  return new https.Agent({
    ...kept,
    rejectUnauthorized: !connection.skipTlsVerify,
    secureContext: secureContextOf(connection),
    ...(connection.serverName !== undefined && { servername: connection.serverName }),
  });
}

/** Made once: certificates are not parsed again for every connection, and a bad one fails the start, not a mount. */
function secureContextOf({ ca, clientCertificate }: KubernetesConnection): tls.SecureContext {
  try {
    return tls.createSecureContext({
      ca: ca ?? readStandardRoots(process.env),
      ...(clientCertificate !== undefined && {
        cert: clientCertificate.certificate,
        key: clientCertificate.key.reveal(),
      }),
    });
  } catch (error) {
    throw new ProviderError(
      'start_failed',
      `the certificates for the Kubernetes API cannot be used: ${describeError(error)}; check the CA file or KUBECONFIG`,
    );
  }
}

/** @throws ProviderError `invalid_request` for a name that would lead to another path */
function pathOf(lookup: Lookup): string {
  const parts = lookup.namespace === undefined ? [] : ['namespaces', lookup.namespace];
  const names = [...parts, lookup.resource, lookup.name];
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || /[/%]/.test(name)) {
      throw new ProviderError('invalid_request', `no Kubernetes object can have the name ${quote(name)}`);
    }
  }
  return `/api/v1/${names.map((name) => encodeURIComponent(name.toWellFormed())).join('/')}`;
}

/** `undefined` when asking again would bring the same answer, or comes too late for a mount. */
function pauseAfter(answer: Answer, attempt: number): number | undefined {
  if (answer.status !== 429 && answer.status < 500) return undefined;
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  const pauseMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : jittered(firstPauseMs * attempt);
  return pauseMs <= longestPauseMs ? pauseMs : undefined;
}

function parseAnswer(answer: Answer, lookup: Lookup): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body.toString('utf8'));
  } catch {
    // The parser's message quotes the answer.
    parsed = undefined;
  }
  if (!isFields(parsed)) throw unavailable(lookup, 'the answer is no JSON object');
  return parsed;
}

function failure(lookup: Lookup, answer: Answer, token: string | undefined): ProviderError {
  const reason = `HTTP ${answer.status}${serverMessage(answer, token)}`;
  if (answer.status !== 401 && answer.status !== 403) return unavailable(lookup, reason);
  const remedy =
    answer.status === 401
      ? 'the provider is not known there: check its service account token'
      : `allow the provider's ClusterRole the verb get on ${lookup.resource}`;
  return new ProviderError(
    'kubernetes_denied',
    `the Kubernetes API does not let the provider read ${describe(lookup)} (${reason}); ${remedy}`,
  );
}

function unavailable(lookup: Lookup, reason: string, cause?: unknown): ProviderError {
  return new ProviderError(
    'kubernetes_unavailable',
    `the Kubernetes API gave no answer for ${describe(lookup)} (${reason}); kubelet will try again`,
    { cause },
  );
}

/** What the API server, or a proxy before it, says in a Status object; without the token that it was sent. */
function serverMessage(answer: Answer, token = ''): string {
  try {
    const status: unknown = JSON.parse(answer.body.toString('utf8'));
    const message = isFields(status) ? textOf(status['message']) : undefined;
    return message === undefined ? '' : `: ${quote(redact(message, [token]))}`;
  } catch {
    // Not every proxy in front of it answers in JSON, and the number says enough.
    return '';
  }
}

function describe({ resource, namespace, name }: Lookup): string {
  const kinds = { serviceaccounts: 'service account', pods: 'pod', nodes: 'node' } as const;
  return `${kinds[resource]} ${quote(namespace === undefined ? name : `${namespace}/${name}`)}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textMap(value: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(fieldsOf(value));
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
