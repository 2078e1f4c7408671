import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { optionFlags, parseOptions, type Environment, type Options } from '../../src/options/options.js';

const packageJson = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  name: string;
  version: string;
};

function optionsOf(argv: readonly string[], env: Environment = {}): Options {
  const result = parseOptions(argv, env);
  assert.ok(result.kind === 'run', result.kind === 'error' ? result.message : '');
  return result.options;
}

function refusalOf(argv: readonly string[], env: Environment = {}) {
  const result = parseOptions(argv, env);
  assert.ok(result.kind === 'error', `${argv.join(' ')} is not refused`);
  return result;
}

describe('parseOptions', () => {
  it('returns the documented defaults for no flags and an empty environment', () => {
    assert.deepEqual(optionsOf([]), {
      providerVolume: '/var/run/secrets-store-csi-providers',
      driverWrites: false,
      qps: 5,
      burst: 10,
      podIdentity: {
        timeoutMs: 2500,
        ipv4Url: 'http://169.254.170.23/v1/credentials',
        ipv6Url: 'http://[fd00:ec2::23]/v1/credentials',
      },
      failoverTimeoutMs: 5000,
      tolerateFailoverDenied: false,
      secretCacheTtlMs: 60_000,
      secretCacheBytes: 4_194_304,
      revalidate: 'describe',
      serveStaleForMs: 0,
      maxReplyBytes: 4194304,
      maxConcurrentMounts: 8,
      httpPort: 0,
      pruneRemovedFiles: false,
      logLevel: 'info',
      logFormat: 'json',
      aws: {
        useFips: false,
        useDualstack: false,
        stsFips: true,
        endpoints: {},
        appId: `secrets-store-csi-driver-provider-aws-${packageJson.version}`,
      },
      ignoredArguments: [],
    });
  });

  const forms: readonly (readonly [title: string, argv: readonly string[], expected: Partial<Options>])[] = [
    ['one dash', ['-provider-volume=/a'], { providerVolume: '/a' }],
    ['two dashes', ['--provider-volume=/a'], { providerVolume: '/a' }],
    ['a value of its own', ['--provider-volume', '/a', '-qps', '7.5'], { providerVolume: '/a', qps: 7.5 }],
    ['a value that begins with a dash', ['--provider-volume', '-a', '--qps', '-1'], { providerVolume: '-a', qps: -1 }],
    ['a value that holds an equals sign', ['--provider-volume=/a=b'], { providerVolume: '/a=b' }],
    ['a bare boolean', ['--driver-writes-secrets'], { driverWrites: true }],
    ['a boolean with 1', ['-driver-writes-secrets=1'], { driverWrites: true }],
    ['a boolean with T', ['--driver-writes-secrets=T'], { driverWrites: true }],
    ['a boolean with False', ['--driver-writes-secrets=False'], { driverWrites: false }],
    ['the later of two', ['--burst=3', '--burst=4'], { burst: 4 }],
    ["client-go's special rates", ['--qps=0', '--burst=-1'], { qps: 0, burst: -1 }],
    ['no value cache', ['--secret-cache-ttl=0', '--revalidate=fetch'], { secretCacheTtlMs: 0, revalidate: 'fetch' }],
    [
      'a value cache',
      ['--secret-cache-ttl=1h', '--serve-stale-for=24h', '--secret-cache-bytes=1'],
      { secretCacheTtlMs: 3_600_000, serveStaleForMs: 86_400_000, secretCacheBytes: 1 },
    ],
    ['places for mounts', ['--max-concurrent-mounts=1'], { maxConcurrentMounts: 1 }],
    ['a port', ['--http-port=8989'], { httpPort: 8989 }],
    ['a limit of bytes', ['--max-reply-bytes=16777216'], { maxReplyBytes: 16777216 }],
    ['levels and formats', ['--log-level=debug', '--log-format=text'], { logLevel: 'debug', logFormat: 'text' }],
    [
      'the switches',
      ['--prune-removed-files', '--tolerate-failover-denied'],
      { pruneRemovedFiles: true, tolerateFailoverDenied: true },
    ],
    ['a long failover time', ['--failover-timeout=1h'], { failoverTimeoutMs: 3_600_000 }],
    [
      'a boolean that would take a separate value, which ends the flags',
      ['--driver-writes-secrets', 'false', '--qps=9'],
      { driverWrites: true, qps: 5, ignoredArguments: ['false', '--qps=9'] },
    ],
    [
      'two dashes alone, which end the flags',
      ['--burst=2', '--', '--burst=3'],
      { burst: 2, ignoredArguments: ['--burst=3'] },
    ],
    ['a dash alone, which is no flag', ['-', '--burst=3'], { burst: 10, ignoredArguments: ['-', '--burst=3'] }],
  ];
  for (const [title, argv, expected] of forms) {
    it(`takes ${title}`, () => {
      assert.deepEqual({ ...optionsOf(argv), ...expected }, optionsOf(argv));
    });
  }

  const durations: readonly (readonly [text: string, ms: number])[] = [
    ['250ms', 250],
    ['7000µs1500μs', 8.5],
    ['2s', 2000],
    ['1.5s', 1500],
    ['1m0.5s', 60_500],
    ['+.5s', 500],
    ['500us', 0.5],
    ['1000000ns', 1],
    ['2h45m', 9_900_000],
    ['', 2500],
    ['9999h', 2 ** 31 - 1],
  ];
  for (const [text, ms] of durations) {
    it(`takes ${JSON.stringify(text)} as a time-out of ${ms} ms`, () => {
      assert.equal(optionsOf([`--pod-identity-http-timeout=${text}`]).podIdentity.timeoutMs, ms);
    });
  }

  for (const text of ['0', '0s', '-1s', '5', 'x', '1 s', '1S', 's', '.s', '1d', 'Infinity', '1s2']) {
    it(`refuses ${JSON.stringify(text)} as a time-out`, () => {
      const { message, usage } = refusalOf([`--pod-identity-http-timeout=${text}`]);
      assert.ok(message.startsWith(`invalid value "${text}" for flag -pod-identity-http-timeout: `), message);
      assert.ok(usage?.startsWith('Usage of '));
    });
  }

  const refused: readonly (readonly [argv: readonly string[], message: string])[] = [
    [['--nope'], 'flag provided but not defined: -nope'],
    [['--nope=1'], 'flag provided but not defined: -nope'],
    [['---qps=1'], 'bad flag syntax: ---qps=1'],
    [['--=1'], 'bad flag syntax: --=1'],
    [['--qps'], 'flag needs an argument: -qps'],
    [['--qps=many'], 'invalid value "many" for flag -qps: not a number'],
    [['--qps=inf'], 'invalid value "inf" for flag -qps: not a number'],
    [['--burst=1.5'], 'invalid value "1.5" for flag -burst: not a whole number'],
    [['--secret-cache-ttl=61m'], 'invalid value "61m" for flag -secret-cache-ttl: must be at most 1h'],
    [['--secret-cache-ttl=-1s'], 'invalid value "-1s" for flag -secret-cache-ttl: must not be negative'],
    [['--secret-cache-bytes=0'], 'invalid value "0" for flag -secret-cache-bytes: must be at least 1'],
    [['--serve-stale-for=25h'], 'invalid value "25h" for flag -serve-stale-for: must be at most 24h'],
    [['--revalidate=never'], 'invalid value "never" for flag -revalidate: use one of describe, fetch'],
    [['--max-concurrent-mounts=0'], 'invalid value "0" for flag -max-concurrent-mounts: must be at least 1'],
    [['--http-port=-1'], 'invalid value "-1" for flag -http-port: must be at least 0'],
    [['--http-port=65536'], 'invalid value "65536" for flag -http-port: must be at most 65535'],
    [['--max-reply-bytes=0'], 'invalid value "0" for flag -max-reply-bytes: must be at least 1'],
    [['--driver-writes-secrets=yes'], 'invalid boolean value "yes" for flag -driver-writes-secrets: use true or false'],
    [['--log-level=loud'], 'invalid value "loud" for flag -log-level: use one of debug, info, warn, error'],
    [['--log-format=xml'], 'invalid value "xml" for flag -log-format: use one of json, text'],
    [['--provider-volume='], 'invalid value "" for flag -provider-volume: must not be empty'],
    [['--failover-timeout=0'], 'invalid value "0" for flag -failover-timeout: must be longer than zero'],
    [
      ['--pod-identity-endpoint-ipv4=agent'],
      'invalid value "agent" for flag -pod-identity-endpoint-ipv4: not an http or https URL',
    ],
    [
      ['--pod-identity-endpoint-ipv6=ftp://a'],
      'invalid value "ftp://a" for flag -pod-identity-endpoint-ipv6: not an http or https URL',
    ],
  ];
  for (const [argv, message] of refused) {
    it(`refuses ${argv.join(' ')} with the usage`, () => {
      const refusal = refusalOf(argv);
      assert.equal(refusal.message, message);
      assert.ok(refusal.usage?.includes('-provider-volume'));
    });
  }

  for (const argument of ['-h', '--h', '-help', '--help']) {
    it(`answers ${argument} with the usage, which names every flag and its default`, () => {
      const result = parseOptions([argument, '--nope'], {});
      assert.ok(result.kind === 'help');
      assert.ok(result.usage.startsWith(`Usage of ${packageJson.name}:\n`));
      for (const flag of optionFlags) {
        assert.ok(result.usage.includes(`  -${flag.name}`), flag.name);
        assert.ok(result.usage.includes(flag.description), flag.name);
      }
      assert.match(result.usage, /-failover-timeout duration\n {4}\t.*\(default 5s\)/);
    });
  }

  it('completes the URL of an agent that has no path, and keeps one that has', () => {
    const { podIdentity } = optionsOf([
      '--pod-identity-endpoint-ipv4=http://127.0.0.1:9000',
      '--pod-identity-endpoint-ipv6=http://[::1]:9000/other?x=1',
    ]);
    assert.equal(podIdentity.ipv4Url, 'http://127.0.0.1:9000/v1/credentials');
    assert.equal(podIdentity.ipv6Url, 'http://[::1]:9000/other?x=1');
  });

  it('names the add-on version in the app id in place of our own', () => {
    assert.equal(
      optionsOf(['--eks-addon-version=v1.2.3-eksbuild.4']).aws.appId,
      'secrets-store-csi-driver-provider-aws-v1.2.3-eksbuild.4',
    );
  });
});

describe('parseOptions on the environment', () => {
  it('reads region and node name, and takes empty ones as absent', () => {
    const { environmentRegion, nodeName } = optionsOf([], { AWS_REGION: 'eu-west-1', NODE_NAME: 'n1' });
    assert.deepEqual([environmentRegion, nodeName], ['eu-west-1', 'n1']);
    const empty = optionsOf([], { AWS_REGION: '', NODE_NAME: '', AWS_ENDPOINT_URL: '', AWS_USE_FIPS_ENDPOINT: '' });
    assert.deepEqual(empty, optionsOf([]));
  });

  it('takes true and false in any case', () => {
    const { aws } = optionsOf(['--sts-fips=false'], {
      AWS_USE_FIPS_ENDPOINT: 'TRUE',
      AWS_USE_DUALSTACK_ENDPOINT: 'True',
    });
    assert.deepEqual([aws.useFips, aws.useDualstack, aws.stsFips], [true, true, false]);
    assert.equal(optionsOf([], { AWS_USE_FIPS_ENDPOINT: 'False' }).aws.useFips, false);
  });

  it('refuses anything else there, which must not silently mean no FIPS', () => {
    const refusal = refusalOf([], { AWS_USE_FIPS_ENDPOINT: '1' });
    assert.deepEqual(refusal, { kind: 'error', message: 'AWS_USE_FIPS_ENDPOINT is "1": use true or false' });
  });

  it('gives every service the general endpoint unless it has one of its own', () => {
    const { endpoints } = optionsOf([], {
      AWS_ENDPOINT_URL: 'http://all:1',
      AWS_ENDPOINT_URL_SSM: 'http://ssm:2',
    }).aws;
    assert.deepEqual(endpoints, { secretsManager: 'http://all:1', ssm: 'http://ssm:2', sts: 'http://all:1' });
    const own = optionsOf([], {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: 'https://sm',
      AWS_ENDPOINT_URL_STS: 'https://sts',
    }).aws.endpoints;
    assert.deepEqual(own, { secretsManager: 'https://sm', sts: 'https://sts' });
  });

  for (const name of [
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    'AWS_ENDPOINT_URL_SSM',
    'AWS_ENDPOINT_URL_STS',
  ]) {
    it(`refuses a ${name} that is no URL, without repeating it`, () => {
      const refusal = refusalOf([], { [name]: 'localhost:4566' });
      assert.deepEqual(refusal, { kind: 'error', message: `${name} is not an http or https URL` });
    });
  }
});
