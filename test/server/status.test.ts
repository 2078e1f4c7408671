import assert from 'node:assert/strict';
import * as grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import { statusMessageBytes } from '../../src/budgets.js';
import { errorCodes, ProviderError } from '../../src/errors.js';
import { bugTrace, fitMessage, statusOf, toFailure } from '../../src/server/status.js';

const { status } = grpc;

describe('the table of statuses', () => {
  it('gives every code a status after which kubelet starts afresh', () => {
    const harmful = [
      status.OK,
      status.CANCELLED,
      status.DEADLINE_EXCEEDED,
      status.UNAVAILABLE,
      status.RESOURCE_EXHAUSTED,
      status.ABORTED,
    ];
    assert.deepEqual(Object.keys(statusOf).sort(), [...errorCodes].sort());
    for (const code of errorCodes) assert.ok(!harmful.includes(statusOf[code]), code);
  });

  it('keeps invalid, denied, missing and transient apart', () => {
    assert.equal(statusOf.invalid_objects, status.INVALID_ARGUMENT);
    assert.equal(statusOf.access_denied, status.PERMISSION_DENIED);
    assert.equal(statusOf.identity_refused, status.UNAUTHENTICATED);
    assert.equal(statusOf.object_not_found, status.NOT_FOUND);
    assert.equal(statusOf.reply_too_large, status.FAILED_PRECONDITION);
    assert.equal(statusOf.aws_unavailable, status.INTERNAL);
  });

  it('tells a caller the code and the message of a ProviderError', () => {
    assert.deepEqual(toFailure(new ProviderError('object_not_found', 'no secret "a"')), {
      errorCode: 'object_not_found',
      status: status.NOT_FOUND,
      message: 'no secret "a"',
    });
  });

  it('tells a caller nothing of the text of any other error', () => {
    for (const thrown of [new TypeError('hunter2'), 'hunter2', undefined]) {
      const failure = toFailure(thrown);
      assert.equal(failure.errorCode, 'internal');
      assert.equal(failure.status, status.INTERNAL);
      assert.match(failure.message, /^internal error in the provider; its log/);
      assert.ok(!failure.message.includes('hunter2'));
    }
  });
});

describe('a status message', () => {
  it('is as it was written when it fits', () => {
    assert.equal(fitMessage('object "ä" (100%) is missing'), 'object "ä" (100%) is missing');
  });

  it('is cut with a note when it does not fit', () => {
    const message = fitMessage('é'.repeat(5000));
    assert.ok(encodeURI(message).length <= statusMessageBytes);
    assert.match(message, /^é{1000,}\.\.\. \(cut; the provider's log says more\)$/);
  });

  it('can always be sent: bounded, encodable, without control characters', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 3000 }).map((text) => text.repeat(4));
    fc.assert(
      fc.property(anything, fc.boolean(), (text, lone) => {
        const message = fitMessage(lone ? `${text}\ud800` : text);
        assert.ok(encodeURI(message).length <= statusMessageBytes);
        assert.doesNotMatch(message, /[\p{Cc}\p{Cs}]/u);
      }),
    );
  });
});

describe('the trace of a bug', () => {
  it('names the kind, the code and the place, and not the message', () => {
    const error = Object.assign(new RangeError('hunter2\n    at hunter2 (secret)'), { code: 'ERR_X' });
    const trace = bugTrace(error);
    assert.match(trace, /^RangeError ERR_X \| at .*status\.test\.[jt]s/);
    assert.ok(!trace.includes('hunter2'));
    assert.equal(bugTrace('hunter2'), 'thrown: string');
  });
});
