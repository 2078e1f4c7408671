/** The command line of `try`. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { describeError, quote } from '../errors.js';

export interface TryOptions {
  /** Manifests of the user; none means the examples. */
  readonly files: readonly string[];
  readonly all: boolean;
  /** The store's YAML; absent means that of the examples. */
  readonly store: string | undefined;
  readonly target: string | undefined;
  readonly endpointUrl: string | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly driverWrites: boolean;
  readonly podIdentity: boolean;
  readonly watch: boolean;
  readonly showValues: boolean;
}

export type TryArguments =
  | { readonly kind: 'run'; readonly options: TryOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'error'; readonly message: string };

export const tryUsage = `Usage: npm run try -- [options]      (or: node dist/cli.js try [options])

Mounts secrets as a pod gets them, on this machine: a stand-in plays AWS and Kubernetes, the provider is the real one.
Without options it shows four of the examples and one mistake.

  -f, --file FILE          mount the SecretProviderClasses of FILE (YAML, also several documents; "-f" may be repeated);
                           a ServiceAccount, Pod or Deployment in it is used as well
      --secrets FILE       the store: secrets, parameters and roles (default: examples/store.yaml)
      --all                show all examples
      --show-values        show the values, which are hidden otherwise
      --watch              stay: change the store's file and see the volumes follow; Ctrl-C ends
      --driver-writes      let the driver write the files (chart: driverWritesSecrets) instead of the provider
      --pod-identity       use EKS Pod Identity instead of IRSA for every pod
      --target DIR         keep the files in DIR (of several classes: in DIR/<class>)
      --namespace NAME     namespace of the pods of -f (default: the class's, else "default")
      --service-account NAME
                           service account of the pods of -f (default: what the file says, else "default")
      --endpoint-url URL   use this AWS endpoint, such as LocalStack, for the values and for STS
  -h, --help               show this text
`;

const config = {
  options: {
    file: { type: 'string', short: 'f', multiple: true },
    secrets: { type: 'string' },
    all: { type: 'boolean' },
    'show-values': { type: 'boolean' },
    watch: { type: 'boolean' },
    'driver-writes': { type: 'boolean' },
    'pod-identity': { type: 'boolean' },
    target: { type: 'string' },
    namespace: { type: 'string' },
    'service-account': { type: 'string' },
    'endpoint-url': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
  strict: true,
  allowPositionals: false,
} as const satisfies ParseArgsConfig;

/** @param argv what follows the word `try` */
export function parseTryArguments(argv: readonly string[]): TryArguments {
  try {
    const { values } = parseArgs({ ...config, args: [...argv] });
    if (values.help === true) return { kind: 'help' };
    const options: TryOptions = {
      files: values.file ?? [],
      all: values.all ?? false,
      store: values.secrets,
      target: values.target,
      endpointUrl: values['endpoint-url'],
      namespace: values.namespace,
      serviceAccount: values['service-account'],
      driverWrites: values['driver-writes'] ?? false,
      podIdentity: values['pod-identity'] ?? false,
      watch: values.watch ?? false,
      showValues: values['show-values'] ?? false,
    };
    const message = conflict(options);
    return message === undefined ? { kind: 'run', options } : { kind: 'error', message };
  } catch (error) {
    // parseArgs throws for an unknown option, a missing value and a stray word.
    if (error instanceof TypeError) return { kind: 'error', message: describeError(error) };
    throw error;
  }
}

function conflict(options: TryOptions): string | undefined {
  const { files, all, namespace, serviceAccount, endpointUrl } = options;
  if (all && files.length > 0) return '--all shows the examples: leave it out, or leave out -f';
  if (files.length === 0 && (namespace !== undefined || serviceAccount !== undefined)) {
    return '--namespace and --service-account need -f FILE';
  }
  if (namespace !== undefined && !isDnsName(namespace)) return `--namespace ${quote(namespace)} is no Kubernetes name`;
  if (serviceAccount !== undefined && !isDnsName(serviceAccount)) {
    return `--service-account ${quote(serviceAccount)} is no Kubernetes name`;
  }
  if (endpointUrl !== undefined && !isHttpUrl(endpointUrl)) {
    return '--endpoint-url needs a URL such as http://localhost:4566';
  }
  return [...files, options.store, options.target].includes('') ? 'a file name is empty' : undefined;
}

function isHttpUrl(text: string): boolean {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  return protocol === 'http:' || protocol === 'https:';
}

/** A name as Kubernetes takes it for service accounts and classes; it can be an element of a path. */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}
