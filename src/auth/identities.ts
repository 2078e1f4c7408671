/** Finds regions and IAM identity of a pod: the one door of this room. */
import type { AwsSettings } from '../aws-settings.js';
import type { Logger } from '../log.js';
import type { Identities, Identity, MountContext } from '../mount/ports.js';
import type { MountRequest } from '../mount/types.js';
import type { Paces } from '../pace.js';
import type { AwsRequestHandler } from '../network/transport.js';
import { WholeAnswerHandler } from '../network/whole-answer.js';
import { CredentialCache } from './credential-cache.js';
import { IrsaIdentity } from './irsa.js';
import type { KubernetesApi } from './kubernetes.js';
import { PodIdentity } from './pod-identity.js';
import { PodIdentityAgent } from './pod-identity-agent.js';
import { RegionFinder } from './region.js';
import { resolveRole } from './role.js';
import { chooseToken, irsaAudience, podIdentityAudience } from './tokens.js';

export interface IdentitiesOptions {
  readonly kubernetes: KubernetesApi;
  readonly aws: AwsSettings;
  /** For STS: must limit the time of each attempt by itself. */
  readonly requestHandler: AwsRequestHandler;
  /** `AWS_REGION` of the process. */
  readonly environmentRegion?: string;
  /** `NODE_NAME` of the process. */
  readonly nodeName?: string;
  readonly podIdentity: {
    /** For one attempt. */
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly ipv4Url: string;
    readonly ipv6Url: string;
  };
  readonly paces: Paces;
  readonly log: Logger;
}

/** @throws TypeError when an URL of the Pod Identity Agent is none */
export function createIdentities(options: IdentitiesOptions): Identities {
  const regions = new RegionFinder(options);
  const agent = new PodIdentityAgent({ ...options.podIdentity, log: options.log });
  const cache = new CredentialCache();
  const requestHandler = new WholeAnswerHandler(options.requestHandler);

  async function resolveIrsa(request: MountRequest, context: MountContext): Promise<Identity> {
    const { pod, tokens } = request;
    // First what costs nothing: without a token no look-up is needed.
    const token = chooseToken(tokens, irsaAudience, pod);
    const role = await resolveRole(options.kubernetes, pod, context);
    context.note({ role: role.arn });
    const { aws, paces } = options;
    return new IrsaIdentity({ pod, role, token, aws, requestHandler, cache, paces });
  }

  function resolvePodIdentity({ pod, tokens, preferredAddressType }: MountRequest): Identity {
    const token = chooseToken(tokens, podIdentityAudience, pod);
    return new PodIdentity({ pod, token, preference: preferredAddressType, agent, cache });
  }

  return {
    resolveRegions: (request, context) => regions.resolve(request, context),
    resolveIdentity: async (request, context) =>
      request.usePodIdentity ? resolvePodIdentity(request) : resolveIrsa(request, context),
  };
}
