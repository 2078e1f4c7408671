/** The IAM role that a service account names for its pods (IRSA). */
import { ProviderError, quote } from '../errors.js';
import type { MountContext } from '../mount/ports.js';
import type { Pod } from '../mount/types.js';
import type { KubernetesApi } from './kubernetes.js';

const annotation = 'eks.amazonaws.com/role-arn';

export interface Role {
  readonly arn: string;
  readonly partition: string;
  readonly account: string;
}

const roleArn = /^arn:(?<partition>[a-z0-9-]+):iam::(?<account>\d{12}):role\/[\x21-\x7e]+$/;

/** The longest ARN that STS takes. */
const longestArn = 2048;

/**
 * Reads the annotation at every call: a role that was changed counts from the next mount on.
 * @throws ProviderError `service_account_not_found`, `role_missing`, `kubernetes_denied`, `kubernetes_unavailable`
 */
export async function resolveRole(kubernetes: KubernetesApi, pod: Pod, context: MountContext): Promise<Role> {
  const account = await kubernetes.serviceAccount(pod.namespace, pod.serviceAccount, context);
  const display = quote(`${pod.namespace}/${pod.serviceAccount}`);
  if (account === undefined) {
    throw new ProviderError(
      'service_account_not_found',
      `service account ${display} of pod ${quote(pod.name)} does not exist; create it with the annotation ${annotation}`,
    );
  }
  const arn = account.annotations.get(annotation) ?? '';
  if (arn === '') {
    throw new ProviderError(
      'role_missing',
      `service account ${display} has no annotation ${annotation}, which names the IAM role of its pods; set it: ` +
        `${remedy(pod)}; or use EKS Pod Identity: set the parameter usePodIdentity to "true"`,
    );
  }
  return parseRole(arn, display);
}

function parseRole(arn: string, serviceAccount: string): Role {
  const match = arn.length <= longestArn ? roleArn.exec(arn) : null;
  const { partition, account } = match?.groups ?? {};
  if (partition === undefined || account === undefined) {
    throw new ProviderError(
      'role_missing',
      `annotation ${annotation} of service account ${serviceAccount} is ${quote(arn)}, which is not the ARN of an ` +
        'IAM role; it must have the form arn:aws:iam::111122223333:role/name, without spaces',
    );
  }
  return { arn, partition, account };
}

function remedy({ namespace, serviceAccount }: Pod): string {
  // Commands for a shell: only names that Kubernetes allows are put into them.
  const safe = [namespace, serviceAccount].every((name) => /^[a-z0-9.-]{1,253}$/.test(name));
  const [space, name] = safe ? [namespace, serviceAccount] : ['<namespace>', '<service account>'];
  return (
    `kubectl annotate serviceaccount -n ${space} ${name} ${annotation}=arn:aws:iam::<account>:role/<role>, ` +
    `or eksctl create iamserviceaccount --namespace ${space} --name ${name} --cluster <cluster>`
  );
}
