/** How this process reaches AWS, as its environment says: proxies, and the roots to trust. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { readProxyRules, type ProxyRules } from './proxy-rules.js';
import { readTrustedRoots } from './trusted-roots.js';

export interface Network {
  readonly rules: ProxyRules;
  /** The roots to trust: one for all connections, and made for the first of them, for it costs 15 ms of CPU. */
  readonly secureContext: () => SecureContext;
}

/**
 * @param env read for `SSL_CERT_FILE`, `AWS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`
 * @throws ProviderError `start_failed` when one of them cannot be used
 */
export function readNetwork(env: Readonly<Record<string, string | undefined>>): Network {
  const rules = readProxyRules(env);
  const roots = readTrustedRoots(env);
  let made: SecureContext | undefined;
  return { rules, secureContext: () => (made ??= createSecureContext({ ca: roots() })) };
}
