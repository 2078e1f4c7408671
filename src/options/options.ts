/** Everything the process is told from outside: its flags and the environment variables it reads, checked once. */
import packageJson from '../../package.json' with { type: 'json' };
import type { AwsSettings } from '../aws-settings.js';
import { quote } from '../errors.js';
import {
  flagUsage,
  flagValue,
  parseGoBoolean,
  parseGoFlags,
  parseGoNumber,
  type Flag,
  type FlagKind,
  type FlagTexts,
} from './go-flags.js';
import { logFormats, logLevels, type LogFormat, type LogLevel } from '../log.js';
import { agentUrl, durationUpTo, httpUrl, oneOf, parseWhole, positiveDuration, required } from './option-values.js';

/** The program's name: what `Version` answers, and the first part of the app id that AWS sees. */
export const programName = packageJson.name;

/** The package's own version. */
export const programVersion = packageJson.version;

export interface Options {
  /** The directory that holds `aws.sock`. */
  readonly providerVolume: string;
  readonly driverWrites: boolean;
  /** Requests a second to the Kubernetes API; 0 means the default, negative no limit, as in client-go. */
  readonly qps: number;
  readonly burst: number;
  readonly podIdentity: {
    /** For one attempt. */
    readonly timeoutMs: number;
    readonly ipv4Url: string;
    readonly ipv6Url: string;
  };
  readonly failoverTimeoutMs: number;
  readonly tolerateFailoverDenied: boolean;
  /** How long a mounted volume may be given a kept value without asking AWS; 0: nothing is kept. */
  readonly secretCacheTtlMs: number;
  readonly secretCacheBytes: number;
  readonly revalidate: Revalidation;
  /** How much longer a kept value may start pods while AWS cannot be reached. */
  readonly serveStaleForMs: number;
  readonly maxReplyBytes: number;
  /** Mounts at work at once; those that wait for AWS or Kubernetes do not count. */
  readonly maxConcurrentMounts: number;
  /** Port of the health endpoints; 0: none. */
  readonly httpPort: number;
  readonly pruneRemovedFiles: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly aws: AwsSettings;
  /** `AWS_REGION`, not yet checked: it counts only when a mount names no region. */
  readonly environmentRegion?: string;
  /** `NODE_NAME` */
  readonly nodeName?: string;
  /** Arguments after the first one that is no flag; nobody reads them. */
  readonly ignoredArguments: readonly string[];
}

/** `usage` is set when the command line is at fault, and not when an environment variable is. */
export type OptionsResult =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help'; readonly usage: string }
  | { readonly kind: 'error'; readonly message: string; readonly usage?: string };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Ways to find out whether a value that is at hand is still current. */
export const revalidations = ['describe', 'fetch'] as const;
export type Revalidation = (typeof revalidations)[number];

const flagTable = {
  providerVolume: flag('provider-volume', 'text', '/var/run/secrets-store-csi-providers', {
    description: 'directory of the socket aws.sock, where the driver looks for it',
    parse: required,
  }),
  driverWrites: flag('driver-writes-secrets', 'boolean', 'false', {
    description: 'send the files to the driver, which writes them, instead of writing them here',
    parse: parseGoBoolean,
  }),
  qps: flag('qps', 'number', '5', {
    description: 'requests a second to the Kubernetes API; 0 means the default, a negative number no limit',
    parse: parseGoNumber,
  }),
  burst: flag('burst', 'number', '10', {
    description: 'requests to the Kubernetes API that may go out at once above the rate; 0 means the default',
    parse: (text) => parseWhole(text),
  }),
  eksAddonVersion: flag('eks-addon-version', 'text', '', {
    description: 'version to name in the user agent of AWS calls when installed as an EKS add-on',
    parse: (text) => text,
  }),
  podIdentityTimeout: flag('pod-identity-http-timeout', 'duration', '2.5s', {
    description: 'longest time for one attempt at the EKS Pod Identity Agent, as a Go duration',
    parse: (text) => positiveDuration(text === '' ? '2.5s' : text),
  }),
  podIdentityIpv4: flag('pod-identity-endpoint-ipv4', 'text', 'http://169.254.170.23/v1/credentials', {
    description: 'URL of the EKS Pod Identity Agent over IPv4; an empty path becomes /v1/credentials',
    parse: (text) => agentUrl(text, 'http://169.254.170.23'),
  }),
  podIdentityIpv6: flag('pod-identity-endpoint-ipv6', 'text', 'http://[fd00:ec2::23]/v1/credentials', {
    description: 'URL of the EKS Pod Identity Agent over IPv6; an empty path becomes /v1/credentials',
    parse: (text) => agentUrl(text, 'http://[fd00:ec2::23]'),
  }),
  failoverTimeout: flag('failover-timeout', 'duration', '5s', {
    description: 'longest wait for a region that hangs when the other one can serve the mount, as a Go duration',
    parse: positiveDuration,
  }),
  tolerateFailoverDenied: flag('tolerate-failover-denied', 'boolean', 'false', {
    description: 'let a mount succeed, with a warning, when only the failover region denies access',
    parse: parseGoBoolean,
  }),
  stsFips: flag('sts-fips', 'boolean', 'true', {
    description: 'with AWS_USE_FIPS_ENDPOINT=true, use FIPS endpoints of STS too, where there are any',
    parse: parseGoBoolean,
  }),
  secretCacheTtl: flag('secret-cache-ttl', 'duration', '60s', {
    description: 'how long a mounted volume may be given a kept value without asking AWS; at most 1h, 0: none is kept',
    parse: (text) => durationUpTo(text, 3_600_000, '1h'),
  }),
  secretCacheBytes: flag('secret-cache-bytes', 'number', '4194304', {
    description: 'memory of all kept values in bytes; the least recently used go first',
    parse: (text) => parseWhole(text, 1),
  }),
  revalidate: flag('revalidate', 'text', 'describe', {
    description:
      'how to find out whether a known value is current: by DescribeSecret (describe), or by fetching it (fetch)',
    parse: (text) => oneOf(revalidations, text),
  }),
  serveStaleFor: flag('serve-stale-for', 'duration', '0s', {
    description: 'how long after --secret-cache-ttl a kept value may still start a pod while AWS cannot be reached',
    parse: (text) => durationUpTo(text, 86_400_000, '24h'),
  }),
  maxReplyBytes: flag('max-reply-bytes', 'number', '4194304', {
    description: "largest answer to the driver in bytes; keep it at or below the driver's --max-call-recv-msg-size",
    parse: (text) => parseWhole(text, 1),
  }),
  maxConcurrentMounts: flag('max-concurrent-mounts', 'number', '8', {
    description:
      'mounts at work at once, of one namespace half of them; those that wait for AWS or Kubernetes do not count',
    parse: (text) => parseWhole(text, 1),
  }),
  httpPort: flag('http-port', 'number', '0', {
    description: 'port of GET /readyz and GET /healthz, on all addresses; 0: no port is opened',
    parse: (text) => parseWhole(text, 0, 65535),
  }),
  pruneRemovedFiles: flag('prune-removed-files', 'boolean', 'false', {
    description: 'when writing here, remove the files from a volume that its class no longer lists',
    parse: parseGoBoolean,
  }),
  logLevel: flag('log-level', 'text', 'info', {
    description: `least level that is logged: ${logLevels.join(', ')}`,
    parse: (text) => oneOf(logLevels, text),
  }),
  logFormat: flag('log-format', 'text', 'json', {
    description: `form of a log line: ${logFormats.join(', ')}`,
    parse: (text) => oneOf(logFormats, text),
  }),
} as const;

/** The one table of flags: usage and documentation come from it. */
export const optionFlags: readonly Flag<unknown>[] = Object.values(flagTable);

/** Reads the command line (without `node` and the script) and the environment; changes neither. */
export function parseOptions(argv: readonly string[], env: Environment): OptionsResult {
  const usage = flagUsage(programName, optionFlags);
  const given = parseGoFlags(argv, optionFlags);
  if (given.kind === 'help') return { kind: 'help', usage };
  if (given.kind === 'error') return { kind: 'error', message: given.message, usage };
  try {
    return { kind: 'run', options: readOptions(given, env) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'error', message: error.message };
    throw error;
  }
}

function readOptions(given: FlagTexts, env: Environment): Options {
  const environmentRegion = env['AWS_REGION'];
  const nodeName = env['NODE_NAME'];
  return {
    providerVolume: flagValue(given, flagTable.providerVolume),
    driverWrites: flagValue(given, flagTable.driverWrites),
    qps: flagValue(given, flagTable.qps),
    burst: flagValue(given, flagTable.burst),
    podIdentity: {
      timeoutMs: flagValue(given, flagTable.podIdentityTimeout),
      ipv4Url: flagValue(given, flagTable.podIdentityIpv4),
      ipv6Url: flagValue(given, flagTable.podIdentityIpv6),
    },
    failoverTimeoutMs: flagValue(given, flagTable.failoverTimeout),
    tolerateFailoverDenied: flagValue(given, flagTable.tolerateFailoverDenied),
    secretCacheTtlMs: flagValue(given, flagTable.secretCacheTtl),
    secretCacheBytes: flagValue(given, flagTable.secretCacheBytes),
    revalidate: flagValue(given, flagTable.revalidate),
    serveStaleForMs: flagValue(given, flagTable.serveStaleFor),
    maxReplyBytes: flagValue(given, flagTable.maxReplyBytes),
    maxConcurrentMounts: flagValue(given, flagTable.maxConcurrentMounts),
    httpPort: flagValue(given, flagTable.httpPort),
    pruneRemovedFiles: flagValue(given, flagTable.pruneRemovedFiles),
    logLevel: flagValue(given, flagTable.logLevel),
    logFormat: flagValue(given, flagTable.logFormat),
    aws: readAwsSettings(given, env),
    ...(environmentRegion ? { environmentRegion } : {}),
    ...(nodeName ? { nodeName } : {}),
    ignoredArguments: given.rest,
  };
}

function readAwsSettings(given: FlagTexts, env: Environment): AwsSettings {
  const general = environmentUrl(env, 'AWS_ENDPOINT_URL');
  const secretsManager = environmentUrl(env, 'AWS_ENDPOINT_URL_SECRETS_MANAGER') ?? general;
  const ssm = environmentUrl(env, 'AWS_ENDPOINT_URL_SSM') ?? general;
  const sts = environmentUrl(env, 'AWS_ENDPOINT_URL_STS') ?? general;
  return {
    useFips: environmentBoolean(env, 'AWS_USE_FIPS_ENDPOINT'),
    useDualstack: environmentBoolean(env, 'AWS_USE_DUALSTACK_ENDPOINT'),
    stsFips: flagValue(given, flagTable.stsFips),
    endpoints: {
      ...(secretsManager !== undefined && { secretsManager }),
      ...(ssm !== undefined && { ssm }),
      ...(sts !== undefined && { sts }),
    },
    appId: `${programName}-${flagValue(given, flagTable.eksAddonVersion) || programVersion}`,
  };
}

/** `true` or `false` in any case, as in the AWS SDK for Go; anything else must not silently mean "no FIPS". */
function environmentBoolean(env: Environment, name: string): boolean {
  const text = env[name] ?? '';
  if (text === '' || text.toLowerCase() === 'false') return false;
  if (text.toLowerCase() === 'true') return true;
  throw new RangeError(`${name} is ${quote(text)}: use true or false`);
}

function environmentUrl(env: Environment, name: string): string | undefined {
  const text = env[name] ?? '';
  if (text === '') return undefined;
  if (httpUrl(text) === undefined) throw new RangeError(`${name} is not an http or https URL`);
  return text;
}

function flag<T>(
  name: string,
  kind: FlagKind,
  preset: string,
  rest: { readonly description: string; readonly parse: (text: string) => T },
): Flag<T> {
  return { name, kind, default: preset, ...rest };
}
