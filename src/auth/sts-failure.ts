/** What a failed AssumeRoleWithWebIdentity means for a mount, and what its owner has to change. */
import { hasAwsRequestId } from '../aws-request-id.js';
import { escapeControls, describeError, ProviderError, quote } from '../errors.js';
import type { Pod } from '../mount/types.js';
import { redact, requestIdOf } from '../redact.js';
import { readAwsWords } from './aws-words.js';
import type { Role } from './role.js';
import { irsaAudience, type ChosenToken } from './tokens.js';

export interface StsCall {
  readonly region: string;
  readonly role: Role;
  readonly pod: Pod;
  readonly token: ChosenToken;
}

/** Codes of answers that AWS would not repeat, though their status is mostly 4xx. */
const transientCodes = [
  /throttl|TooManyRequests|LimitExceeded|PriorRequestNotComplete|SlowDown/i,
  /^(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed|RequestTimeout)$/,
  /^(IDPCommunicationError|InternalError|InternalFailure|ServiceUnavailable)$/,
];

/** What the SDK says of an answer that it cannot read. */
const unreadable = /Deserialization error/;

/** What the SDK calls an error without a code. */
const nameless = /^($|Unknown|NotFound$)/;

/** Codes of Node and OpenSSL for a certificate that is not trusted. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/;

/** The part of an SDK error that counts here. */
interface StsAnswer {
  readonly code: string;
  /** Absent when no answer came. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** The body is none of the API. */
  readonly isUnreadable: boolean;
  /** The answer is not AWS's own: it has neither a code nor a request id of AWS. */
  readonly isForeign: boolean;
}

/** STS may know a token a moment later: it fetches the keys of the cluster's issuer now and then. */
export function isInvalidIdentityToken(error: unknown): boolean {
  return readAnswer(error).code === 'InvalidIdentityToken';
}

/**
 * The error of a mount for what the SDK threw: `identity_denied`, `identity_refused` or `identity_unavailable`.
 * @throws `error` itself when it is our own bug
 */
export function stsFailure(error: unknown, call: StsCall): ProviderError {
  const { code, status, requestId, isUnreadable, isForeign } = readAnswer(error);
  if (status === undefined && error instanceof TypeError) throw error;
  const words = readAwsWords(describeError(error), call.token.secret.revealText());
  const requestIds = [...(requestId === undefined ? [] : [requestId]), ...words.requestIds];
  const what = `STS in ${call.region} for role ${quote(call.role.arn)}`;
  // The SDK's error is no cause: its message may repeat the token.
  if (status === undefined || status < 400) {
    const reason = isUnreadable ? 'it is not one of its API' : words.text;
    return new ProviderError('identity_unavailable', `no usable answer from ${what}: ${reason}; ${pathRemedy(error)}`, {
      requestIds,
    });
  }
  // The SDK's words on a page are its own, and may quote it.
  const said =
    isUnreadable || isForeign
      ? `${what} answered HTTP ${status}, not in the form of its API`
      : `${what} answered ${shownCode(redact(code, [call.token.secret.revealText()]), status)}: ${words.text}`;
  if (status >= 500 || status === 429 || status === 408 || transientCodes.some((pattern) => pattern.test(code))) {
    return new ProviderError('identity_unavailable', `${said}; kubelet will try again`, { requestIds });
  }
  // AWS itself would say something else, and another region may well be reached.
  if (isForeign) return new ProviderError('identity_unavailable', `${said}; ${foreignRemedy}`, { requestIds });
  if (code.startsWith('AccessDenied')) {
    return new ProviderError('identity_denied', `${said}; ${trustRemedy(call)}`, { requestIds });
  }
  return new ProviderError('identity_refused', `${said}; ${refusalRemedy(code, call)}`, { requestIds });
}

function readAnswer(error: unknown): StsAnswer {
  const metadata = fieldOf(error, '$metadata');
  const status = fieldOf(metadata, 'httpStatusCode');
  const requestId = fieldOf(metadata, 'requestId');
  const code = error instanceof Error ? plainCode(error.name) : 'unknown';
  const isUnreadable = unreadable.test(describeError(error));
  const isMarked = isUnreadable ? hasAwsRequestId((error as SdkError).$response) : requestId !== undefined;
  return {
    code,
    status: typeof status === 'number' ? status : undefined,
    requestId: isMarked && typeof requestId === 'string' ? requestIdOf(requestId) : undefined,
    isUnreadable,
    isForeign: !isMarked && (isUnreadable || nameless.test(code)),
  };
}

/** The SDK hides the answer in a property that no listing shows. */
interface SdkError {
  readonly $response?: unknown;
}

/** A code fit to be shown; where there is none, the status. */
function shownCode(code: string, status: number): string {
  return nameless.test(code) ? `HTTP ${status}` : escapeControls(code.slice(0, 100));
}

/** The SDK names classes (`ExpiredTokenException`), STS itself says `ExpiredToken` for some and that for others. */
function plainCode(name: string): string {
  return name.replace(/Exception$/, '');
}

const foreignRemedy = 'check the endpoint URL, any proxy on the way and the network path to STS in this region';

function pathRemedy(error: unknown): string {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' && untrusted.test(code)
    ? 'give the provider the CA of whatever stands before STS, in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS'
    : "check the network path of the provider's pod to STS in this region";
}

function trustRemedy({ role, pod, token }: StsCall): string {
  const issuer = issuerOf(token);
  const provider = `arn:${role.partition}:iam::${role.account}:oidc-provider/${issuer}`;
  const subject = `system:serviceaccount:${pod.namespace}:${pod.serviceAccount}`;
  return (
    `let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the federated principal ${provider} ` +
    `where ${issuer}:sub is ${quote(subject)} and ${issuer}:aud is "${irsaAudience}"`
  );
}

function refusalRemedy(code: string, { role, region, token }: StsCall): string {
  switch (code) {
    case 'InvalidIdentityToken':
      return (
        `account ${role.account} needs an IAM OIDC provider for ${issuerOf(token)} with the audience ${irsaAudience} ` +
        '(eksctl utils associate-iam-oidc-provider)'
      );
    case 'ExpiredToken':
      return "the pod's token is too old: check the clock of the node and that the CSIDriver sets requiresRepublish";
    case 'RegionDisabled':
      return `activate STS for ${region} in account ${role.account}, or name another region`;
    case 'IDPRejectedClaim':
      return "the issuer refused the token's claims: check the IAM OIDC provider";
    default:
      return 'check the role ARN of the service account and the IAM OIDC provider of the cluster';
  }
}

/** The token's issuer without its scheme, as IAM writes it. */
function issuerOf({ claims }: ChosenToken): string {
  const issuer = claims.issuer?.replace(/^https:\/\//, '') ?? '';
  return /^[\w./:-]{1,255}$/.test(issuer) ? issuer : '<issuer of the cluster>';
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
