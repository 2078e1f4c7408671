/** What every service of one stand-in shares, as it is at the moment of a request. */
import type { Sessions } from './sessions.js';
import type { Store } from './store.js';
import type { TokenIssuer } from './tokens.js';

export interface World {
  readonly store: Store;
  readonly sessions: Sessions;
  readonly issuer: TokenIssuer;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Life of new credentials in milliseconds; absent: each service's own. */
  readonly credentialLifetimeMs: number | undefined;
  readonly omitSelectors: boolean;
  /** Bearer token of the provider's own service account. */
  readonly kubernetesToken: string;
}
