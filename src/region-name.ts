/** What may stand as an AWS region: it becomes part of a host name, so nothing else may. */

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * What is wrong with a region's name, as the end of the sentence "<region> ..."; `undefined` when nothing is.
 * Beside what is no host-name label it refuses the names that SDKs do not take as a region but as a switch:
 * `aws-global` and its kin of other partitions, and `fips` before or after a region.
 */
export function regionFault(text: string): string | undefined {
  if (!label.test(text)) {
    return 'must be an AWS region such as us-east-1: at most 63 lower-case letters, digits and inner hyphens';
  }
  if (text === 'aws-global' || /^aws-.*-global$/.test(text)) {
    return 'stands for no single region: name one, such as us-east-1';
  }
  if (text.split('-').includes('fips')) {
    return 'must be the plain region, such as us-east-1: FIPS endpoints come with AWS_USE_FIPS_ENDPOINT';
  }
  return undefined;
}
