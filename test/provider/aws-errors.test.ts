/** What the errors of the SDK mean. */
import assert from 'node:assert/strict';
import { ServiceException } from '@smithy/core/client';
import { HttpResponse } from '@smithy/core/protocols';
import { Secret } from '../../src/secret.js';
import { asAwsCallError, AwsCallError, type AwsErrorKind } from '../../src/provider/aws-errors.js';

function service(status: number, name: string, message = 'words', requestId?: string): ServiceException {
  const fault = status >= 500 ? 'server' : 'client';
  const metadata = { httpStatusCode: status, attempts: 2, ...(requestId !== undefined && { requestId }) };
  return new ServiceException({ name, message, $fault: fault, $metadata: metadata });
}

const table: readonly (readonly [number, string, AwsErrorKind, string?])[] = [
  [400, 'AccessDeniedException', 'denied'],
  [403, 'AccessDenied', 'denied'],
  [400, 'KMSAccessDeniedException', 'denied'],
  [400, 'ResourceNotFoundException', 'missing'],
  [400, 'ParameterNotFound', 'missing'],
  [400, 'InvalidRequestException', 'refused'],
  [400, 'ValidationException', 'refused'],
  [400, 'DecryptionFailure', 'refused'],
  [404, 'Unknown', 'garbled'],
  [403, 'UnknownError', 'garbled'],
  [400, 'ExpiredTokenException', 'credentials'],
  [403, 'ExpiredToken', 'credentials'],
  [403, 'InvalidClientTokenId', 'credentials'],
  [400, 'UnrecognizedClientException', 'credentials'],
  [400, 'InvalidSignatureException', 'credentials', 'The request signature we calculated does not match'],
  [401, 'Unknown', 'credentials'],
  [
    400,
    'InvalidSignatureException',
    'skewed',
    'Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z',
  ],
  [403, 'SignatureDoesNotMatch', 'skewed', 'Signature not yet current: x is still later than y'],
  [403, 'RequestTimeTooSkewed', 'skewed'],
  [400, 'RequestExpired', 'skewed'],
  [400, 'ThrottlingException', 'throttled'],
  [400, 'Throttling', 'throttled'],
  [400, 'TooManyRequestsException', 'throttled'],
  [400, 'RequestLimitExceeded', 'throttled'],
  [400, 'SlowDown', 'throttled'],
  [400, 'ProvisionedThroughputExceededException', 'throttled'],
  [429, 'Unknown', 'throttled'],
  [400, 'RequestTimeout', 'failed'],
  [400, 'RequestTimeoutException', 'failed'],
  [408, 'Unknown', 'failed'],
  [407, 'Unknown', 'failed'],
  [400, 'IDPCommunicationError', 'failed'],
  [400, 'InternalServiceError', 'failed'],
  [500, 'InternalServiceError', 'failed'],
  [503, 'ServiceUnavailable', 'failed'],
  [502, 'Unknown', 'failed'],
];

describe('the meaning of an error of AWS', () => {
  for (const [status, code, kind, message] of table) {
    it(`is ${kind} for ${status} ${code}${message === undefined ? '' : ` "${message.slice(0, 25)}"`}`, () => {
      const error = asAwsCallError(service(status, code, message));
      assert.equal(error.kind, kind);
      assert.equal(error.code, code.startsWith('Unknown') ? `HTTP ${status}` : code);
      assert.equal(error.attempts, 2);
    });
  }

  it('is that of the status when the body was no error of the API, and quotes nothing of it', () => {
    for (const [status, kind] of [
      [200, 'garbled'],
      [404, 'garbled'],
      [502, 'failed'],
    ] as const) {
      const parsing = Object.assign(new SyntaxError('Unexpected token "canary"'), {
        $metadata: { httpStatusCode: status },
      });
      const error = asAwsCallError(parsing);
      assert.deepEqual([error.kind, error.code, error.words, error.cause], [kind, `HTTP ${status}`, '', undefined]);
    }
  });

  it('is a refusal when an answer without a code has a request id of AWS', () => {
    for (const status of [400, 403, 404, 413]) {
      const error = asAwsCallError(service(status, 'UnknownError', 'UnknownError', 'request-id-1'));
      assert.deepEqual([error.kind, error.code, error.isForeign], ['refused', `HTTP ${status}`, false]);
    }
    const parsing = (headers: Record<string, string>) =>
      Object.assign(new SyntaxError('Unexpected token'), {
        $metadata: { httpStatusCode: 403 },
        $response: new HttpResponse({ statusCode: 403, headers }),
      });
    assert.equal(asAwsCallError(parsing({ 'x-amzn-requestid': 'request-id-1' })).kind, 'refused');
    assert.equal(asAwsCallError(parsing({ 'x-firewall-request-id': 'request-id-1' })).kind, 'garbled');
  });

  it('is that of the network when no answer came', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), {
      code: 'ECONNREFUSED',
      name: 'TimeoutError',
    });
    assert.deepEqual(
      [asAwsCallError(refused).kind, asAwsCallError(refused).code, asAwsCallError(refused).words],
      ['unreachable', 'ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:443'],
    );
    const timeout = Object.assign(new Error('no whole answer within 15000 ms'), { name: 'TimeoutError' });
    assert.equal(asAwsCallError(timeout).kind, 'timeout');
  });

  it('is our own bug when it is neither', () => {
    const bug = new TypeError('x is not a function');
    assert.throws(() => asAwsCallError(bug), bug);
  });

  it('stays what it is', () => {
    const error = new AwsCallError({ kind: 'denied', code: 'AccessDenied' });
    assert.equal(asAwsCallError(error), error);
  });

  it('is told in bounded words', () => {
    const { words } = asAwsCallError(service(400, 'ValidationException', 'x'.repeat(100_000)));
    assert.ok(words.length < 1_000);
  });

  it('reads any length of AWS’s words in time, and shows no secret that was sent', () => {
    const started = performance.now();
    asAwsCallError(service(400, 'ValidationException', ' '.repeat(100_000)));
    assert.ok(performance.now() - started < 500);
    const credentials = {
      accessKeyId: 'ASIAKEY',
      secretAccessKey: new Secret('canary-key'),
      sessionToken: new Secret('canary/session+token=='),
    };
    const message = "The Canonical String should have been 'host:h\nx-amz-security-token:canary/session+token=='";
    const { words } = asAwsCallError(service(403, 'InvalidSignatureException', message), credentials);
    assert.equal(words, "The Canonical String should have been 'host:h\\x0ax-amz-security-token:<redacted>'");
  });
});
