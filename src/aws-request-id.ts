/** The mark of AWS's own answers: whatever stands before AWS, such as a proxy or a firewall, does not give it. */

/** Where AWS puts its request id. */
const headerNames = ['x-amzn-requestid', 'x-amzn-request-id', 'x-amz-request-id'];

/**
 * Whether an error of the SDK carries the request id of AWS. For an answer that the SDK could not read, its own
 * `requestId` is no such mark: there it takes any header of that kind.
 * @param response the answer, when the error carries it
 */
export function hasAwsRequestId(response: unknown): boolean {
  const headers = typeof response === 'object' && response !== null && 'headers' in response ? response.headers : {};
  return typeof headers === 'object' && headers !== null && headerNames.some((name) => name in headers);
}
