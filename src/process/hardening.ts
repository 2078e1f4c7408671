/** What Node and the environment offer that would hand out secrets, or take the node's identity for a pod's. */

type Environment = Record<string, string | undefined>;

/** Options of Node that open a debugger, write memory, keys or traffic to a disk or a terminal, or may name such options. */
const revealingOption =
  /^--(inspect|debug-port|heapsnapshot-|heap-prof|cpu-prof|report-|diagnostic-dir|abort-on-uncaught-exception|tls-keylog|trace-tls|trace-event|experimental-(default-)?config-file)/;

/** Variables that make Node print requests with their tokens. */
const revealingVariables = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE'];

/**
 * Signals that do nothing here, though Node or the kernel would open a debugger (SIGUSR1), end the process, or write
 * its memory as a core file. Those of a crash itself (SIGSEGV and the like) cannot be taken over.
 */
export const harmlessSignals: readonly NodeJS.Signals[] = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGTRAP',
  'SIGSYS',
  'SIGXCPU',
  'SIGXFSZ',
];

/** Signals that ask the process to end. SIGQUIT and SIGABRT would leave a core file. */
export const stopSignals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT'];

/** Why this process must not go on, when it was started so that it can reveal secrets; `undefined` when it may. */
export function startRefusal(env: Environment, execArgv: readonly string[]): string | undefined {
  // Node takes underscores for dashes, and quotes in NODE_OPTIONS.
  const options = (env['NODE_OPTIONS'] ?? '').replaceAll(/["\\]/g, '').split(/\s+/);
  for (const [place, list] of [['NODE_OPTIONS', options] as const, ["node's arguments", execArgv] as const]) {
    const option = list.find((candidate) => revealingOption.test(candidate.replaceAll('_', '-')));
    if (option !== undefined) {
      return `${option.split('=')[0] ?? ''} in ${place} would reveal secrets; start the provider without it`;
    }
  }
  const variable = revealingVariables.find((name) => env[name]);
  return variable && `the environment variable ${variable} would reveal secrets; start the provider without it`;
}

/**
 * Removes whatever the AWS SDK could take for an identity of this process (a mount uses the pod's own and no other),
 * and the switch that turns the check of certificates off.
 * Nothing here asks the SDK for a default identity; this keeps an oversight from becoming a leak.
 */
export function scrubEnvironment(env: Environment): void {
  const ownIdentity =
    /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|DEFAULT_PROFILE|ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE|CONTAINER_.*)$/;
  for (const name of Object.keys(env)) if (ownIdentity.test(name)) Reflect.deleteProperty(env, name);
  // It would make every connection trust whoever answers, and send pods' tokens there.
  delete env['NODE_TLS_REJECT_UNAUTHORIZED'];
  env['AWS_CONFIG_FILE'] = '/dev/null';
  env['AWS_SHARED_CREDENTIALS_FILE'] = '/dev/null';
  env['AWS_EC2_METADATA_DISABLED'] = 'true';
  // The SDK's notice about old versions of Node would break the log's form.
  env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
}
