/** ARNs of secrets and parameters: the only ones that an object may have as its name. */
import { quote } from '../../errors.js';
import { regionFault } from '../../region-name.js';
import type { Arn, ObjectType } from '../types.js';

/** An ARN that was understood, or the end of the sentence "<name> ...". */
export type ArnResult = { readonly arn: Arn; readonly type: ObjectType } | { readonly fault: string };

const shape = 'arn:<partition>:<service>:<region>:<account>:<resource>';

/** Whether a name claims to be an ARN: then it must be a good one. */
export function isArn(name: string): boolean {
  return name.startsWith('arn:');
}

/**
 * Reads the ARN of a secret or a parameter. The account is left to AWS: it is empty in the ARNs of AWS's public
 * parameters, and other implementations have their own.
 */
export function parseArn(text: string): ArnResult {
  const [, partition = '', service = '', region = '', account = '', ...rest] = text.split(':');
  const resource = rest.join(':');
  if (!isArn(text) || rest.length === 0) return { fault: `is not an ARN of the form ${shape}` };
  if (!/^[a-z][a-z0-9-]*$/.test(partition)) return { fault: `has ${quote(partition)} where an ARN has a partition` };
  // Before the region, which the ARNs of some services leave empty.
  if (service !== 'secretsmanager' && service !== 'ssm') {
    return {
      fault: `is an ARN of the service ${quote(service)}: only secretsmanager and ssm hold objects that can be mounted`,
    };
  }
  const fault = regionFault(region);
  if (fault !== undefined) return { fault: `has the region ${quote(region)}, which ${fault}` };
  const arn: Arn = { text, partition, service, region, account, resource };
  return service === 'secretsmanager'
    ? typed(arn, { type: 'secretsmanager', prefix: 'secret:' })
    : typed(arn, { type: 'ssmparameter', prefix: 'parameter/' });
}

function typed(arn: Arn, expected: { readonly type: ObjectType; readonly prefix: string }): ArnResult {
  const { prefix, type } = expected;
  if (arn.resource.startsWith(prefix) && arn.resource.length > prefix.length) return { arn, type };
  return { fault: `must end in ${prefix}<name>, as ARNs of ${arn.service} do, not in ${quote(arn.resource)}` };
}

/** The same ARN in another region: replicas of a secret keep its name and suffix. */
export function arnInRegion(arn: Arn, region: string): string {
  return ['arn', arn.partition, arn.service, region, arn.account, arn.resource].join(':');
}
