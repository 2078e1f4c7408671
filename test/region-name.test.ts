import assert from 'node:assert/strict';
import { regionFault } from '../src/region-name.js';

describe('regionFault', () => {
  for (const region of ['us-east-1', 'us-gov-west-1', 'cn-north-1', 'eu-isoe-west-1', 'local', 'a', 'a'.repeat(63)]) {
    it(`accepts ${region}`, () => {
      assert.equal(regionFault(region), undefined);
    });
  }

  for (const text of [
    '',
    'US-EAST-1',
    'us_east_1',
    '-us',
    'us-',
    'a'.repeat(64),
    'us-east-1.evil.example',
    'us-east-1/x',
    'us-east-1:443',
    'user@host',
    'us-east-1\n',
    'us east',
    'ünï-1',
    '../x',
    '*',
  ]) {
    it(`refuses ${JSON.stringify(text)}, which is no host-name label`, () => {
      assert.match(regionFault(text) ?? '', /^must be an AWS region such as us-east-1/);
    });
  }

  for (const text of ['aws-global', 'aws-cn-global', 'aws-us-gov-global', 'aws-iso-global']) {
    it(`refuses ${text}, which stands for no single region`, () => {
      assert.match(regionFault(text) ?? '', /^stands for no single region/);
    });
  }

  for (const text of ['fips-us-east-1', 'us-east-1-fips', 'us-fips-1', 'fips', 'fips-aws-global']) {
    it(`refuses ${text}, which SDKs take for a FIPS switch`, () => {
      assert.match(regionFault(text) ?? '', /AWS_USE_FIPS_ENDPOINT/);
    });
  }
});
