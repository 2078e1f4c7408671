import assert from 'node:assert/strict';
import { scrubEnvironment, startRefusal } from '../../src/process/hardening.js';

describe('startRefusal', () => {
  const revealing = [
    '--inspect',
    '--inspect=0.0.0.0:9229',
    '--inspect-brk',
    '--inspect_wait',
    '--debug-port=1',
    '--heapsnapshot-signal=SIGUSR2',
    '--heapsnapshot-near-heap-limit=3',
    '--heap-prof',
    '--cpu-prof-dir=/tmp',
    '--report-on-signal',
    '--report_uncaught_exception',
    '--diagnostic-dir=/tmp',
    '--abort-on-uncaught-exception',
    '--tls-keylog=/tmp/k',
    '--trace-tls',
    '--trace-event-categories=node',
    '--experimental-config-file=/tmp/node.config.json',
    '--experimental-default-config-file',
  ];
  for (const option of revealing) {
    it(`refuses ${option}, in NODE_OPTIONS and as an argument of node`, () => {
      const name = option.split('=')[0];
      assert.equal(
        startRefusal({ NODE_OPTIONS: `--max-old-space-size=48  "${option}"` }, []),
        `${name} in NODE_OPTIONS would reveal secrets; start the provider without it`,
      );
      assert.equal(
        startRefusal({}, ['--enable-source-maps', option]),
        `${name} in node's arguments would reveal secrets; start the provider without it`,
      );
    });
  }

  it('refuses NODE_DEBUG, which prints requests', () => {
    assert.equal(
      startRefusal({ NODE_DEBUG: 'http' }, []),
      'the environment variable NODE_DEBUG would reveal secrets; start the provider without it',
    );
  });

  it('lets the memory flags of the image, an empty environment and empty variables pass', () => {
    const options = '--max-semi-space-size=1 --max-old-space-size=48 --v8-pool-size=1 --import=tsx';
    assert.equal(startRefusal({ NODE_OPTIONS: options, NODE_DEBUG: '' }, ['--no-warnings']), undefined);
    assert.equal(startRefusal({}, []), undefined);
  });
});

describe('scrubEnvironment', () => {
  it('removes every identity of the process and the trust in anybody, and leaves the rest', () => {
    const env: Record<string, string | undefined> = {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_SESSION_TOKEN: 'c',
      AWS_PROFILE: 'd',
      AWS_DEFAULT_PROFILE: 'e',
      AWS_ROLE_ARN: 'f',
      AWS_WEB_IDENTITY_TOKEN_FILE: 'g',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'h',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: 'i',
      AWS_CONFIG_FILE: '/root/.aws/config',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://a',
      HTTPS_PROXY: 'http://p',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    scrubEnvironment(env);
    assert.deepEqual(env, {
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://a',
      HTTPS_PROXY: 'http://p',
    });
  });
});
