/** The regions of a mount: from its own parameters, from the environment, else from the node that the pod runs on. */
import { ProviderError, quote } from '../errors.js';
import type { MountContext } from '../mount/ports.js';
import type { MountRequest, Pod, Regions } from '../mount/types.js';
import { regionFault } from '../region-name.js';
import type { KubernetesApi } from './kubernetes.js';

const nodeLabelNames = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'] as const;

/** All pods of a provider run on its own node; more names than these come only from a test or a renamed node. */
const rememberedNodes = 100;

const waysToSet =
  'set the parameter region of the SecretProviderClass, or name the objects by ARN, ' +
  'or set AWS_REGION of the provider (chart value awsRegion)';

export interface RegionFinderOptions {
  readonly kubernetes: KubernetesApi;
  /** `AWS_REGION` of the process. */
  readonly environmentRegion?: string;
  /** The node of this process and so of every pod it serves; absent: the pod is read for it. */
  readonly nodeName?: string;
}

/** Finds regions, and remembers those of nodes. A failure is not remembered. */
export class RegionFinder {
  readonly #options: RegionFinderOptions;
  readonly #regionOfNode = new Map<string, string>();

  constructor(options: RegionFinderOptions) {
    this.#options = options;
  }

  /** @throws ProviderError `region_unknown`, `invalid_parameter`, `kubernetes_denied`, `kubernetes_unavailable` */
  async resolve(request: MountRequest, context: MountContext): Promise<Regions> {
    const primary = request.region ?? request.arnRegion ?? (await this.#ambientRegion(request.pod, context));
    const failover = request.failoverRegion;
    if (failover === undefined) return { primary };
    if (failover === primary) {
      throw new ProviderError(
        'invalid_parameter',
        `failoverRegion ${quote(failover)} is the primary region already; name another region or remove it`,
      );
    }
    return { primary, failover };
  }

  async #ambientRegion(pod: Pod, context: MountContext): Promise<string> {
    const { environmentRegion } = this.#options;
    if (environmentRegion !== undefined && environmentRegion !== '') {
      return checked(environmentRegion, 'AWS_REGION of the provider');
    }
    const node = this.#options.nodeName ?? (await this.#nodeOf(pod, context));
    const remembered = this.#regionOfNode.get(node);
    if (remembered !== undefined) return remembered;
    const region = await this.#readLabels(node, context);
    if (this.#regionOfNode.size >= rememberedNodes) this.#regionOfNode.clear();
    this.#regionOfNode.set(node, region);
    return region;
  }

  async #nodeOf(pod: Pod, context: MountContext): Promise<string> {
    const node = await explain(this.#options.kubernetes.podNode(pod.namespace, pod.name, context));
    if (node !== undefined) return node;
    throw new ProviderError(
      'region_unknown',
      `no region is set, and the node of pod ${quote(`${pod.namespace}/${pod.name}`)}, whose label would tell it, ` +
        `is not known to Kubernetes; ${waysToSet}`,
    );
  }

  async #readLabels(node: string, context: MountContext): Promise<string> {
    const labels = await explain(this.#options.kubernetes.nodeLabels(node, context));
    for (const name of nodeLabelNames) {
      const region = labels?.get(name) ?? '';
      if (region !== '') return checked(region, `label ${name} of node ${quote(node)}`);
    }
    const fault = labels === undefined ? 'does not exist' : `has no label ${nodeLabelNames[0]}`;
    throw new ProviderError(
      'region_unknown',
      `no region is set, and node ${quote(node)} ${fault}; ${waysToSet}, or label the node`,
    );
  }
}

/** A region becomes part of a host name, wherever it comes from. */
function checked(region: string, source: string): string {
  const fault = regionFault(region);
  if (fault === undefined) return region;
  throw new ProviderError('region_unknown', `${source} is ${quote(region)}, which ${fault}; or ${waysToSet}`);
}

/** Kubernetes was asked only because nothing else names the region: naming it is a way out too. */
async function explain<T>(lookup: Promise<T>): Promise<T> {
  try {
    return await lookup;
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.code.startsWith('kubernetes_')) throw error;
    throw new ProviderError(error.code, `the region is not known: ${error.message}; or ${waysToSet}`, { cause: error });
  }
}
