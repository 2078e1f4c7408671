/** Finds out what a request is: service, action, region and the objects it is about. */
import { createHash } from 'node:crypto';
import type { Incoming } from './incoming.js';
import { readScope } from './signature.js';
import type { Service } from './types.js';

/** A request that is understood, but not yet allowed. */
export interface Recognized {
  readonly incoming: Incoming;
  readonly service: Service | undefined;
  readonly action: string;
  readonly region: string | undefined;
  /** Region that the host name speaks of. */
  readonly hostRegion: string | undefined;
  readonly objects: readonly string[];
  readonly accessKeyId: string | undefined;
  /** The service account token that came with it. */
  readonly token: string | undefined;
  /** JSON body, or the form of STS; empty where the body is neither. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

const awsHost =
  /^(secretsmanager|ssm|sts)(-fips)?(?:\.([a-z]{2,4}(?:-[a-z]+)+-\d))?\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws|api\.amazonwebservices\.com\.cn)$/;

/** Regions that have a FIPS endpoint of STS under a name of its own. */
const stsFipsRegions: ReadonlySet<string> = new Set(['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2']);

export interface AwsHost {
  readonly service: 'secretsmanager' | 'ssm' | 'sts';
  readonly region: string;
}

/** Reads a host name of AWS; `undefined` for a name that AWS does not have. */
export function parseAwsHost(host: string): AwsHost | undefined {
  const [, service, fips, region] = awsHost.exec(host.toLowerCase()) ?? [];
  if (service === 'sts') {
    if (fips !== undefined && !stsFipsRegions.has(region ?? '')) return undefined;
    return { service, region: region ?? 'us-east-1' };
  }
  if (region === undefined || (service !== 'secretsmanager' && service !== 'ssm')) return undefined;
  return { service, region };
}

export function hostName(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function recognize(incoming: Incoming): Recognized {
  if (incoming.only === 'kubernetes') return recognizeKubernetes(incoming);
  if (incoming.only === 'agent') return recognizeAgent(incoming);
  const host = incoming.face === 'aws-tls' ? parseAwsHost(hostName(incoming.host)) : undefined;
  const recognized = recognizeAws(incoming, host?.region);
  // A TLS face with a Host that is not AWS's serves nobody.
  const served = incoming.face === 'aws-tls' ? (host?.service ?? 'kubernetes') : incoming.only;
  return served === undefined || served === recognized.service ? recognized : { ...recognized, service: undefined };
}

function recognizeAws(incoming: Incoming, hostRegion: string | undefined): Recognized {
  const [prefix, operation] = (incoming.header('x-amz-target') ?? '').split('.');
  if (operation === undefined) return recognizeSts(incoming, hostRegion);
  const scope = readScope(incoming);
  const parameters = parseJson(incoming.body);
  const services: Readonly<Record<string, Service>> = { secretsmanager: 'secretsmanager', AmazonSSM: 'ssm' };
  return {
    incoming,
    service: services[prefix ?? ''],
    action: operation,
    region: hostRegion ?? scope?.region,
    hostRegion,
    objects: [parameters['SecretId'], parameters['Names']].flat().filter((name) => typeof name === 'string'),
    accessKeyId: scope?.accessKeyId,
    token: undefined,
    parameters,
  };
}

function recognizeSts(incoming: Incoming, hostRegion: string | undefined): Recognized {
  const form = new URLSearchParams(incoming.body.toString('utf8'));
  const role = form.get('RoleArn');
  return {
    incoming,
    service: form.has('Action') ? 'sts' : undefined,
    action: form.get('Action') ?? `${incoming.method} ${incoming.path}`,
    region: hostRegion,
    hostRegion,
    objects: role === null ? [] : [role],
    accessKeyId: undefined,
    token: form.get('WebIdentityToken') ?? undefined,
    parameters: Object.fromEntries(form),
  };
}

function recognizeAgent(incoming: Incoming): Recognized {
  return {
    incoming,
    service: 'agent',
    action: incoming.path === '/v1/credentials' ? 'credentials' : `${incoming.method} ${incoming.path}`,
    region: undefined,
    hostRegion: undefined,
    objects: [],
    accessKeyId: undefined,
    token: incoming.header('authorization'),
    parameters: {},
  };
}

const kubernetesPath = /^\/api\/v1\/(?:namespaces\/([^/]+)\/(serviceaccounts|pods)|(nodes))\/([^/]+)$/;

function recognizeKubernetes(incoming: Incoming): Recognized {
  const path = new URL(incoming.path, 'http://host').pathname;
  const [, namespace, namespaced, cluster, name] = kubernetesPath.exec(path) ?? [];
  const resource = namespaced ?? cluster;
  const verb = incoming.method === 'GET' ? 'get' : incoming.method.toLowerCase();
  const named = decodeURIComponent(name ?? '');
  return {
    incoming,
    service: 'kubernetes',
    action: resource === undefined ? `${verb} ${path}` : `${verb} ${resource}`,
    region: undefined,
    hostRegion: undefined,
    objects: name === undefined ? [] : [namespace === undefined ? named : `${decodeURIComponent(namespace)}/${named}`],
    accessKeyId: undefined,
    token: undefined,
    parameters: {
      namespace: namespace === undefined ? undefined : decodeURIComponent(namespace),
      resource,
      name: named,
    },
  };
}

function parseJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    // The service then misses its parameters, and says so.
    return {};
  }
}
