/** The environment variables that the process heeds, wherever that is: documentation comes from this table. */

/** One environment variable, or several of one meaning, for the documentation. */
export interface EnvironmentVariable {
  readonly names: readonly string[];
  readonly description: string;
}

/** Every environment variable that the process heeds, here or elsewhere: documentation comes from it. */
export const environmentVariables: readonly EnvironmentVariable[] = [
  {
    names: ['AWS_REGION'],
    description: 'region of mounts that name none; without it the region label of the node counts',
  },
  { names: ['NODE_NAME'], description: 'node of this process: its region label is read without a look-up of the pod' },
  { names: ['AWS_USE_FIPS_ENDPOINT'], description: 'true: FIPS endpoints of Secrets Manager, Parameter Store and STS' },
  { names: ['AWS_USE_DUALSTACK_ENDPOINT'], description: 'true: endpoints that answer over IPv4 and IPv6' },
  { names: ['AWS_ENDPOINT_URL'], description: 'URL that takes the place of the endpoints of all three services' },
  {
    names: ['AWS_ENDPOINT_URL_SECRETS_MANAGER', 'AWS_ENDPOINT_URL_SSM', 'AWS_ENDPOINT_URL_STS'],
    description: 'the same for one service; counts before AWS_ENDPOINT_URL',
  },
  {
    names: ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'],
    description:
      'proxy for AWS, and what is reached without it, by the rules of Go (names and suffixes, CIDR, ports); also in ' +
      'lower case. The Kubernetes API and the Pod Identity Agent are always reached directly',
  },
  {
    names: ['SSL_CERT_FILE', 'AWS_CA_BUNDLE'],
    description: 'PEM files whose certificates take the place of the built-in roots; both given: both count',
  },
  { names: ['NODE_EXTRA_CA_CERTS'], description: 'PEM file whose certificates are trusted in addition' },
  { names: ['NODE_TLS_REJECT_UNAUTHORIZED'], description: 'ignored: certificates are always checked' },
  {
    names: ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'],
    description: 'set by Kubernetes: the API of the cluster that this process is a pod of',
  },
  {
    names: ['KUBECONFIG'],
    description: 'outside a cluster: kubeconfig files, of which the current context counts; no exec or auth plug-ins',
  },
  {
    names: ['NODE_OPTIONS', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE'],
    description: 'the process refuses to start when they would open a debugger, or print or write memory or traffic',
  },
  {
    names: ['NODE_COMPILE_CACHE'],
    description:
      'folder where compiled code is kept from one start to the next, and nothing else; who can write there can run code ' +
      'in the process. The image has a folder of its own, which is read-only',
  },
  {
    names: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_ROLE_ARN'],
    description: 'ignored, as is every other identity of the process itself: a mount uses the identity of its pod',
  },
];
