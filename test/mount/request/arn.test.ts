import assert from 'node:assert/strict';
import { arnInRegion, isArn, parseArn } from '../../../src/mount/request/arn.js';

const secret = 'arn:aws:secretsmanager:us-west-2:111122223333:secret:shop/db-AbCdEf';

function fault(text: string): string {
  const result = parseArn(text);
  assert.ok('fault' in result, `${text} was accepted`);
  return result.fault;
}

describe('parseArn', () => {
  it('returns the parts of a secret’s ARN', () => {
    assert.deepEqual(parseArn(secret), {
      type: 'secretsmanager',
      arn: {
        text: secret,
        partition: 'aws',
        service: 'secretsmanager',
        region: 'us-west-2',
        account: '111122223333',
        resource: 'secret:shop/db-AbCdEf',
      },
    });
  });

  for (const [text, type] of [
    ['arn:aws-us-gov:ssm:us-gov-west-1:111122223333:parameter/a/b', 'ssmparameter'],
    ['arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:x', 'secretsmanager'],
    // AWS's public parameters belong to no account.
    ['arn:aws:ssm:us-east-1::parameter/aws/service/ami/x', 'ssmparameter'],
  ]) {
    it(`accepts ${String(text)}`, () => {
      const result = parseArn(String(text));
      assert.equal('type' in result && result.type, type);
    });
  }

  for (const [text, message] of [
    ['arn:', /^is not an ARN of the form arn:<partition>/],
    ['arn:aws:secretsmanager:us-west-2:111122223333', /^is not an ARN of the form/],
    ['arn::secretsmanager:us-west-2:1:secret:x', /^has "" where an ARN has a partition$/],
    ['arn:aws:secretsmanager::1:secret:x', /^has the region "", which must be an AWS region/],
    ['arn:aws:secretsmanager:evil.example/:1:secret:x', /^has the region "evil.example\/", which must be/],
    ['arn:aws:secretsmanager:fips-us-east-1:1:secret:x', /^has the region "fips-us-east-1", which must be the plain/],
    ['arn:aws:s3:us-west-2:1:secret:x', /^is an ARN of the service "s3": only secretsmanager and ssm/],
    ['arn:aws:secretsmanager:us-west-2:1:x', /^must end in secret:<name>, .* not in "x"$/],
    ['arn:aws:secretsmanager:us-west-2:1:secret:', /^must end in secret:<name>/],
    ['arn:aws:ssm:us-west-2:1:parameter', /^must end in parameter\/<name>/],
    ['arn:aws:ssm:us-west-2:1:document/x', /^must end in parameter\/<name>/],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.match(fault(text), message);
    });
  }
});

describe('isArn', () => {
  it('is true of what begins with arn: alone', () => {
    assert.equal(isArn('arn:x'), true);
    assert.equal(isArn('arn'), false);
    assert.equal(isArn('my/arn:x'), false);
  });
});

describe('arnInRegion', () => {
  it('exchanges the region and nothing else', () => {
    const result = parseArn(secret);
    assert.ok('arn' in result);
    assert.equal(
      arnInRegion(result.arn, 'eu-west-1'),
      'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf',
    );
  });
});
