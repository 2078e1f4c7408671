import assert from 'node:assert/strict';
import { parseMountRequest } from '../../../src/mount/request/request.js';
import { cpuCostMs } from '../../support/cost.js';
import { callOf, oneObject, parse, refuses } from '../../support/requests.js';

describe('compatibility: the parameter region', () => {
  it('is returned when given, and absent when empty or missing', () => {
    assert.equal(parse({ region: 'eu-central-1' }).region, 'eu-central-1');
    assert.equal(parse({ region: '' }).region, undefined);
    assert.equal(parse({}).region, undefined);
  });

  for (const region of ['US-EAST-1', 'us-east-1.evil.example', 'us east', 'x'.repeat(64)]) {
    it(`is refused when it is no host-name label: ${region.slice(0, 30)}`, () => {
      refuses('invalid_parameter', /^parameter region ".*" must be an AWS region such as us-east-1/, () =>
        parse({ region }),
      );
    });
  }

  it('is refused when it is aws-global, or begins with fips-', () => {
    refuses('invalid_parameter', /^parameter region "aws-global" stands for no single region/, () =>
      parse({ region: 'aws-global' }),
    );
    refuses('invalid_parameter', /^parameter region "fips-us-east-1" must be the plain region/, () =>
      parse({ region: 'fips-us-east-1' }),
    );
  });

  const arn = (region: string) => `arn:aws:secretsmanager:${region}:111122223333:secret:a-${region}`;

  it('is that of the ARNs in objectName when they agree', () => {
    const objects = `- objectName: ${arn('eu-west-1')}\n- {objectName: b, objectType: ssmparameter}\n`;
    assert.equal(parse({ objects }).arnRegion, 'eu-west-1');
  });

  it('is nobody’s when the ARNs disagree, when there are none, or only in failoverObject', () => {
    assert.equal(
      parse({ objects: `- objectName: ${arn('eu-west-1')}\n- objectName: ${arn('us-east-1')}\n` }).arnRegion,
      undefined,
    );
    assert.equal(parse({}).arnRegion, undefined);
    const failover = `- {objectName: a, objectType: secretsmanager, objectAlias: a, failoverObject: {objectName: "${arn('eu-west-1')}"}}`;
    assert.equal(parse({ objects: failover, failoverRegion: 'eu-west-1' }).arnRegion, undefined);
  });
});

describe('compatibility: the parameter failoverRegion', () => {
  it('is returned when given, and absent when empty', () => {
    assert.equal(parse({ failoverRegion: 'us-east-2' }).failoverRegion, 'us-east-2');
    assert.equal(parse({ failoverRegion: '' }).failoverRegion, undefined);
  });

  it('is refused by the same rule as region', () => {
    refuses('invalid_parameter', /^parameter failoverRegion "us_east" must be an AWS region/, () =>
      parse({ failoverRegion: 'us_east' }),
    );
  });

  it('must differ from the primary region', () => {
    refuses('invalid_parameter', 'parameter failoverRegion "us-east-1" must differ from the primary region', () =>
      parse({ region: 'us-east-1', failoverRegion: 'us-east-1' }),
    );
  });
});

describe('compatibility: the parameter pathTranslation', () => {
  const objects = '- {objectName: /a/b, objectType: ssmparameter}';
  for (const [text, path] of [
    [undefined, '_a_b'],
    ['', '_a_b'],
    ['_', '_a_b'],
    ['-', '-a-b'],
    ['$', '$a$b'],
    [' ', ' a b'],
    ['.', '.a.b'],
    ['False', 'a/b'],
    ['false', 'a/b'],
    ['FALSE', 'a/b'],
    ['/', 'a/b'],
    ['\t', '\ta\tb'],
    ['\u007f', '\u007fa\u007fb'],
  ] as const) {
    it(`makes ${JSON.stringify(path)} of /a/b when it is ${JSON.stringify(text)}`, () => {
      const request = parse({ objects, ...(text !== undefined && { pathTranslation: text }) });
      assert.equal(request.objects[0]?.path, path);
    });
  }

  for (const text of ['__', '_\n', 'True', 'é', '\u0080', '\u0000', '😀', '//']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      refuses(
        'invalid_parameter',
        /^parameter pathTranslation ".*" must be one ASCII character \(not NUL\), or "False"/,
        () => parse({ objects, pathTranslation: text }),
      );
    });
  }
});

describe('compatibility: the parameter usePodIdentity', () => {
  for (const text of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
    it(`is true when it is ${text}`, () => {
      assert.equal(parse({ usePodIdentity: text }).usePodIdentity, true);
    });
  }

  for (const text of ['0', 'f', 'F', 'false', 'FALSE', 'False', '']) {
    it(`is false when it is ${JSON.stringify(text)}`, () => {
      assert.equal(parse({ usePodIdentity: text }).usePodIdentity, false);
    });
  }

  it('is false when it is not given', () => {
    assert.equal(parse({}).usePodIdentity, false);
  });

  for (const text of ['yes', 'tRUE', '2', ' true', 'on']) {
    it(`is refused when it is ${JSON.stringify(text)}`, () => {
      refuses('invalid_parameter', `parameter usePodIdentity ${JSON.stringify(text)} must be "true" or "false"`, () =>
        parse({ usePodIdentity: text }),
      );
    });
  }
});

describe('compatibility: the parameter preferredAddressType', () => {
  for (const [text, preferred] of [
    ['ipv4', 'ipv4'],
    ['IPv4', 'ipv4'],
    ['IPV6', 'ipv6'],
    ['Auto', 'auto'],
    ['', 'auto'],
  ] as const) {
    it(`is ${preferred} when it is ${JSON.stringify(text)}`, () => {
      const request = parse({ usePodIdentity: 'true', preferredAddressType: text });
      assert.equal(request.preferredAddressType, preferred);
      assert.deepEqual(request.warnings, []);
    });
  }

  it('means auto, with a warning, when it is anything else', () => {
    const request = parse({ usePodIdentity: 'true', preferredAddressType: 'ipv5' });
    assert.equal(request.preferredAddressType, 'auto');
    assert.deepEqual(request.warnings, [
      'parameter preferredAddressType "ipv5" is none of ipv4, ipv6 and auto, and counts as auto',
    ]);
  });

  it('is ignored with IRSA', () => {
    const request = parse({ preferredAddressType: 'ipv5' });
    assert.equal(request.preferredAddressType, 'auto');
    assert.deepEqual(request.warnings, []);
  });
});

describe('parameters together', () => {
  it('are refused together, bounded and with control characters escaped', () => {
    refuses(
      'invalid_parameter',
      /^parameter region "\\x1b\[2J" must .*; parameter failoverRegion "x{200}…" must .*; parameter pathTranslation .*; parameter usePodIdentity/,
      () =>
        parse({
          region: '\u001b[2J',
          failoverRegion: 'x'.repeat(5000),
          pathTranslation: 'long',
          usePodIdentity: 'maybe',
        }),
    );
  });

  it('are ignored when unknown, with a warning for one that is nearly ours', () => {
    const request = parse({
      secretProviderClass: 'x',
      'example.com/other': 'y',
      failoverregion: 'us-east-1',
      Region: 'us-east-2',
    });
    assert.equal(request.failoverRegion, undefined);
    assert.deepEqual(request.warnings, [
      'the parameter "failoverregion" is unknown and ignored; did you mean failoverRegion?',
      'the parameter "Region" is unknown and ignored; did you mean region?',
    ]);
    assert.deepEqual(parse({ objects: oneObject }).warnings, []);
  });
});

describe('a hostile class', () => {
  it('costs little with a hundred thousand parameters', () => {
    const call = callOf(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`regio${index}`, ''])));
    const costMs = cpuCostMs(300, () => {
      assert.ok(parseMountRequest(call, { driverWrites: false }).warnings.length <= 21);
    });
    assert.ok(costMs < 300, `costs ${costMs} ms`);
  });
});
