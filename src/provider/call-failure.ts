/** Turns a failed call into the sentence that lets a user fix it: region, reason, AWS's code and words, remedy. */
import type { ErrorCode } from '../errors.js';
import { quote } from '../errors.js';
import type { ObjectQuery } from '../mount/types.js';
import { AwsCallError } from './aws-errors.js';
import type { CallTrace } from './calls/call.js';
import { codeAndWords, RegionError, type Answer, type Failure, type Outcome } from './failure.js';
import type { Region } from './calls/region.js';

/** What was asked of whom. */
export interface Subject {
  readonly service: 'Secrets Manager' | 'Parameter Store';
  /** What IAM calls the permission. */
  readonly action: 'secretsmanager:GetSecretValue' | 'ssm:GetParameters';
  readonly region: Region;
  readonly trace: CallTrace;
}

/** What AWS's answer about an object means for it; the version and label of `query` are named where they matter. */
function callFailure(error: AwsCallError, subject: Subject, query?: ObjectQuery): Failure {
  const { code, text } = describeCallError(error, subject, query);
  return {
    code,
    final: code !== 'aws_unavailable',
    denied: error.kind === 'denied',
    wholeRegion: false,
    text,
    requestIds: error.requestIds,
    cause: error,
  };
}

/** The call was given up at the end of the mount's time; what its last attempt said is told. */
function lateCallFailure(subject: Subject): Failure {
  const { lastError, throttled } = subject.trace;
  if (lastError?.kind === 'throttled' || (throttled === true && !lastError)) {
    const said = lastError ? `(${codeAndWords(lastError)})` : '(as other calls found)';
    return unavailable(throttles(subject, `${said} for as long as this mount had time`), lastError?.requestIds);
  }
  const last = lastError ? ` (last: ${codeAndWords(lastError)})` : '';
  return unavailable(
    `${who(subject)} gave no answer in the time that this mount had${last}: ${networkRemedy}`,
    lastError?.requestIds,
  );
}

/**
 * What became of a call about one object: the answer, or the failure that its error means.
 * @throws what is our own bug
 */
export async function outcomeOf(answer: Promise<Answer>, subject: Subject, query: ObjectQuery): Promise<Outcome> {
  try {
    return { kind: 'answer', answer: await answer };
  } catch (error) {
    return { kind: 'failure', failure: failureOf(error, subject, query) };
  }
}

/**
 * What an error of `Region.call` means.
 * @throws the error itself when it is our own bug
 */
export function failureOf(error: unknown, subject: Subject, query?: ObjectQuery): Failure {
  if (error instanceof RegionError) return error.failure;
  if (error instanceof AwsCallError) return callFailure(error, subject, query);
  if (subject.region.stopped) return lateCallFailure(subject);
  throw error;
}

/** AWS has no such object, or no such version or label of it. */
export function missingFailure(subject: Subject, query: ObjectQuery, error?: AwsCallError): Failure {
  return {
    code: 'object_not_found',
    final: true,
    denied: false,
    wholeRegion: false,
    text: describeMissing(subject, query, error),
    requestIds: error?.requestIds ?? [],
    ...(error && { cause: error }),
  };
}

const networkRemedy = "check the network policies, the VPC endpoint, DNS and the proxy on this pod's way to AWS";
const endpointRemedy = 'check the endpoint URL and any proxy on the way';

function describeCallError(
  error: AwsCallError,
  subject: Subject,
  query: ObjectQuery | undefined,
): { readonly code: ErrorCode; readonly text: string } {
  const { display } = subject.region;
  const said = `(${codeAndWords(error)}${error.attempts > 1 ? `; ${error.attempts} attempts` : ''})`;
  // Something before AWS wants a log-in: new credentials did not help.
  const kind = error.kind === 'credentials' && error.isForeign ? 'garbled' : error.kind;
  switch (kind) {
    case 'denied':
      return { code: 'access_denied', text: describeDenial(error, subject) };
    case 'missing':
      if (query) return { code: 'object_not_found', text: describeMissing(subject, query, error) };
      return { code: 'object_not_found', text: `${subject.service} has no such object in ${display} ${said}` };
    case 'credentials':
    case 'refused':
      return { code: 'aws_refused', text: `${who(subject)} refuses it ${said}: ${refusalRemedy(error)}` };
    case 'throttled':
      return { code: 'aws_unavailable', text: throttles(subject, said) };
    case 'skewed':
      return {
        code: 'aws_unavailable',
        text: `${who(subject)} finds the time of the request wrong (${error.code}): check the clock of this node`,
      };
    case 'failed':
      return {
        code: 'aws_unavailable',
        text: `${who(subject)} failed ${said}: see the AWS Health Dashboard for this region, and any proxy on the way`,
      };
    case 'unreachable':
      return { code: 'aws_unavailable', text: `${who(subject)} cannot be reached ${said}: ${networkRemedy}` };
    case 'timeout':
      return { code: 'aws_unavailable', text: `${who(subject)} does not answer ${said}: ${networkRemedy}` };
    case 'garbled':
      return {
        code: 'aws_unavailable',
        text: `${who(subject)} gave an answer that its API does not have ${said}: ${endpointRemedy}`,
      };
  }
}

/** Names the permission: AWS's own words are exact about it when they name one, such as a key's. */
function describeDenial(error: AwsCallError, { action, region }: Subject): string {
  const named = /not authorized to perform: ([\w-]+:\w+)(?: on resource: ([\w:/+=.@*-]+[\w*]))?/.exec(error.words);
  const [, namedAction = action, resource = namedAction.startsWith('kms:') ? 'its KMS key' : 'it'] = named ?? [];
  const key =
    /kms/i.test(error.words) && !namedAction.startsWith('kms:')
      ? ' and kms:Decrypt on its KMS key, in both policies'
      : '';
  return (
    `access denied in ${region.display} for ${region.identity.display}: ` +
    `allow ${namedAction} on ${resource}${key} (${codeAndWords(error)})`
  );
}

function describeMissing(subject: Subject, query: ObjectQuery, error: AwsCallError | undefined): string {
  const what = query.type === 'secretsmanager' ? 'secret' : 'parameter';
  const parts = [
    ...(query.version === undefined ? [] : [`version ${quote(query.version)}`]),
    ...(query.versionLabel === undefined ? [] : [`label ${quote(query.versionLabel)}`]),
  ];
  const version = parts.length > 0 ? `, or it has no ${parts.join(' with ')}` : '';
  const remedy =
    subject.region.role === 'failover'
      ? `replicate or create the ${what} there, or correct failoverObject or failoverRegion`
      : 'correct its objectName (or version) or the region';
  return `no such ${what} in ${subject.region.display}${version}: ${remedy}${error ? ` (${codeAndWords(error)})` : ''}`;
}

function refusalRemedy(error: AwsCallError): string {
  if (/marked (for deletion|deleted)|scheduled for deletion/i.test(error.words)) {
    return 'restore the secret, or take it out of the objects list';
  }
  if (/kms|decrypt|keyid/i.test(`${error.code} ${error.words}`)) {
    return 'allow kms:Decrypt on its KMS key, and check that the key exists and is enabled';
  }
  if (/InvalidParameter|Validation|InvalidRequest/i.test(error.code)) {
    return 'correct objectName, objectVersion or objectVersionLabel';
  }
  // AWS names an error code: where there is none, something on the way may have changed the answer.
  if (/^HTTP \d+$/.test(error.code)) return endpointRemedy;
  return 'AWS repeats this until its cause is removed';
}

function throttles(subject: Subject, said: string): string {
  return `${who(subject)} throttles this account ${said}: have the quota of ${subject.action} raised, or mount and rotate less at once`;
}

function who({ service, region, trace }: Subject): string {
  return `${service} in ${region.display}${trace.host === undefined ? '' : ` (${trace.host})`}`;
}

function unavailable(text: string, requestIds: readonly string[] = []): Failure {
  return { code: 'aws_unavailable', final: false, denied: false, wholeRegion: false, text, requestIds };
}
