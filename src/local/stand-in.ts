/** Starts a stand-in for AWS, the Pod Identity Agent and the Kubernetes API on loopback. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createCertificateAuthority } from './certificates.js';
import { createControl } from './control.js';
import { checkStoreDocument, readStoreFile } from './document-reader.js';
import { serve } from './exchange.js';
import type { ExchangeContext } from './exchange.js';
import { openFaces } from './faces.js';
import { Faults } from './faults.js';
import { writeFiles } from './files.js';
import { Listeners } from './listeners.js';
import { RateLimits } from './rate-limits.js';
import { Sessions } from './sessions.js';
import type { StoreDocument } from './store-document.js';
import { mergeStore } from './store-merge.js';
import type { Store } from './store.js';
import { awsAudiences, createTokenIssuer } from './tokens.js';
import type { TokenIssuer } from './tokens.js';
import type {
  RecordedConnect,
  RecordedRequest,
  StandIn,
  StandInFiles,
  StandInOptions,
  StandInUrls,
  TokenOptions,
} from './types.js';

/** Everything that changes while a stand-in runs. */
interface State {
  store: Store;
  latencyMs: NonNullable<StandInOptions['latencyMs']>;
  readonly requests: RecordedRequest[];
  readonly connects: RecordedConnect[];
  readonly sessions: Sessions;
  readonly faults: Faults;
}

interface Parts {
  readonly state: State;
  readonly issuer: TokenIssuer;
  readonly listeners: Listeners;
  readonly now: () => number;
}

const defaultRecordLimit = 100_000;

/**
 * A stand-in that answers when the promise is fulfilled.
 * @throws ProviderError `invalid_request` when the store cannot be read or holds a bad field
 */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const now = options.now ?? (() => Date.now());
  const state: State = {
    store: mergeStore(readDocument(options.store), { keep: false, now: now() }),
    latencyMs: options.latencyMs ?? {},
    requests: [],
    connects: [],
    sessions: new Sessions(),
    faults: new Faults(),
  };
  const [issuer, authority] = await Promise.all([createTokenIssuer(), createCertificateAuthority()]);
  const kubernetesToken = randomBytes(24).toString('base64url');
  const listeners: Listeners = new Listeners((message, response, door) => {
    // What cannot even be read is met as a real server meets it: the connection ends, the process lives.
    serve({ message, response, door }, context).catch(() => message.socket.destroy());
  });
  const context = exchangeContext({ state, issuer, listeners, now }, { options, kubernetesToken });
  const recordConnect = (connect: RecordedConnect) => void state.connects.push(connect);
  const faces = await openFaces({ listeners, authority, recordConnect });
  const methods = methodsOf({ state, issuer, listeners, now });
  const control = `http://${await listeners.openUncounted(createControl(methods))}`;
  const files = writeFiles({ ...faces, ca: authority.ca, kubernetesToken });
  return Object.assign(methods, waysIn({ ...faces, control }, files), {
    ca: authority.ca,
    close: async () => {
      await listeners.close();
      await rm(files.directory, { recursive: true, force: true });
    },
  });
}

function readDocument(store: StoreDocument | string): StoreDocument {
  return typeof store === 'string' ? readStoreFile(store) : checkStoreDocument(store);
}

function exchangeContext(
  { state, issuer, listeners, now }: Parts,
  { options, kubernetesToken }: { readonly options: StandInOptions; readonly kubernetesToken: string },
): ExchangeContext {
  const recordLimit = options.recordLimit ?? defaultRecordLimit;
  return {
    faults: state.faults,
    limits: new RateLimits(options.requestsPerSecond),
    world: () => ({
      store: state.store,
      sessions: state.sessions,
      issuer,
      now: now(),
      credentialLifetimeMs: options.credentialLifetimeMs,
      omitSelectors: options.omitSelectors === true,
      kubernetesToken,
    }),
    latencies: () => state.latencyMs,
    record: (request) => {
      if (state.requests.length >= recordLimit) state.requests.shift();
      state.requests.push(request);
    },
    connectionNumber: (message) => listeners.numberOf(message),
  };
}

function methodsOf({ state, issuer, listeners, now }: Parts) {
  const merge = (document: StoreDocument, keep: boolean) => {
    state.store = mergeStore(document, { previous: state.store, keep, now: now() });
  };
  const token = (options: TokenOptions) => issuer.token(options, state.store, now());
  return {
    get requests() {
      return state.requests;
    },
    get connects() {
      return state.connects;
    },
    get connections() {
      return listeners.count;
    },
    clearRequests: () => {
      state.requests.length = 0;
      state.connects.length = 0;
    },
    token,
    tokensAttribute: ({ audiences = awsAudiences, ...options }: Parameters<StandIn['tokensAttribute']>[0]) => {
      const expires = new Date(now() + (options.ttlSeconds ?? 3600) * 1000);
      const expirationTimestamp = expires.toISOString().replace(/\.\d+Z$/, 'Z');
      const entry = (audience: string) => ({ token: token({ ...options, audience }), expirationTimestamp });
      return JSON.stringify(Object.fromEntries(audiences.map((audience) => [audience, entry(audience)])));
    },
    fault: state.faults.add.bind(state.faults),
    clearFaults: () => {
      state.faults.clear();
    },
    setLatencies: (latencyMs: State['latencyMs']) => {
      state.latencyMs = latencyMs;
    },
    update: (document: StoreDocument) => {
      merge(checkStoreDocument(document), true);
    },
    replace: (document: StoreDocument | string) => {
      merge(readDocument(document), false);
    },
    expireCredentials: () => {
      state.sessions.expireAll();
    },
    revokeCredentials: () => {
      state.sessions.revokeAll();
    },
  };
}

function waysIn(urls: StandInUrls, files: StandInFiles) {
  const ipv6 = urls.agentIpv6 === undefined ? [] : [`--pod-identity-endpoint-ipv6=${urls.agentIpv6}`];
  return {
    urls,
    files,
    flags: [`--pod-identity-endpoint-ipv4=${urls.agentIpv4}`, ...ipv6],
    environment: ({ realHostNames = false }: { readonly realHostNames?: boolean } = {}): Record<string, string> =>
      realHostNames
        ? { KUBECONFIG: files.kubeconfig, HTTPS_PROXY: urls.proxy, SSL_CERT_FILE: files.ca }
        : { KUBECONFIG: files.kubeconfig, AWS_ENDPOINT_URL: urls.aws },
  };
}
