/** Proxies by the rules of Go's programs. */
import assert from 'node:assert/strict';
import { readProxyRules } from '../../src/network/proxy-rules.js';

const both = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://h:2' };
const isProxied = (noProxy: string, host: string, port = 443) =>
  readProxyRules({ ...both, NO_PROXY: noProxy }).proxyFor('https', host, port) !== undefined;

describe('readProxyRules', () => {
  it('gives each scheme its own proxy, and none where none is named', () => {
    const rules = readProxyRules(both);
    assert.equal(rules.proxyFor('https', 'a.example', 443)?.href, 'http://s:1/');
    assert.equal(rules.proxyFor('http', 'a.example', 80)?.href, 'http://h:2/');
    assert.equal(readProxyRules({ HTTP_PROXY: 'http://h:2' }).proxyFor('https', 'a.example', 443), undefined);
    assert.equal(readProxyRules({ HTTPS_PROXY: 'http://s:1' }).proxyFor('http', 'a.example', 80), undefined);
    assert.equal(readProxyRules({}).proxyFor('https', 'a.example', 443), undefined);
  });

  const addresses: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ HTTPS_PROXY: 'http://up:1', https_proxy: 'http://low:1' }, 'http://up:1/'],
    [{ HTTPS_PROXY: '', https_proxy: 'http://low:1' }, 'http://low:1/'],
    [{ https_proxy: 'proxy.example:3128' }, 'http://proxy.example:3128/'],
    [{ https_proxy: 'proxy.example' }, 'http://proxy.example/'],
    [{ https_proxy: '10.0.0.1:3128' }, 'http://10.0.0.1:3128/'],
    [{ https_proxy: 'https://proxy.example:8443' }, 'https://proxy.example:8443/'],
    [{ https_proxy: 'http://user:p%40ss@proxy.example:1' }, 'http://user:p%40ss@proxy.example:1/'],
    [{ https_proxy: 'user:pass@proxy.example:1' }, 'http://user:pass@proxy.example:1/'],
    [{ https_proxy: 'http://[fd00::1]:1' }, 'http://[fd00::1]:1/'],
  ];
  for (const [env, href] of addresses) {
    it(`reads ${JSON.stringify(env)}`, () => {
      assert.equal(readProxyRules(env).proxyFor('https', 'a.example', 443)?.href, href);
    });
  }

  const refused: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [
      { https_proxy: 'socks5://u:canary@p:1' },
      'https_proxy names a proxy of type "socks5"; use an http or https proxy',
    ],
    [{ HTTPS_PROXY: 'http://u:canary@p:port' }, 'HTTPS_PROXY is not the address of a proxy, such as http://proxy:3128'],
    [{ HTTP_PROXY: 'http://u:canary%ff@p:1' }, 'HTTP_PROXY is not the address of a proxy, such as http://proxy:3128'],
    [{ HTTP_PROXY: 'http://u:canary%@p:1' }, 'HTTP_PROXY is not the address of a proxy, such as http://proxy:3128'],
    [{ HTTP_PROXY: 'http://' }, 'HTTP_PROXY is not the address of a proxy, such as http://proxy:3128'],
  ];
  for (const [env, message] of refused) {
    it(`refuses ${JSON.stringify(env)} without its credentials`, () => {
      assert.throws(() => readProxyRules(env), { code: 'start_failed', message });
    });
  }

  const table: readonly (readonly [string, string, number, boolean])[] = [
    ['', 'a.example', 443, true],
    ['*', 'a.example', 443, false],
    ['b.example, *', 'a.example', 443, false],
    ['example', 'example', 443, false],
    ['example', 'a.example', 443, false],
    ['example', 'badexample', 443, true],
    ['.example', 'a.example', 443, false],
    ['.example', 'example', 443, true],
    ['*.example', 'a.b.example', 443, false],
    ['*.example', 'example', 443, true],
    ['EXAMPLE ,other', 'A.Example', 443, false],
    ['a.example:443', 'a.example', 443, false],
    ['a.example:80', 'a.example', 443, true],
    ['.amazonaws.com', 'sts.eu-west-1.amazonaws.com', 443, false],
    ['amazonaws.com.cn', 'sts.eu-west-1.amazonaws.com', 443, true],
    ['10.1.2.3', '10.1.2.3', 443, false],
    ['10.1.2.3:80', '10.1.2.3', 443, true],
    ['10.1.2.3', '10.1.2.4', 443, true],
    ['10.0.0.0/8', '10.200.0.1', 443, false],
    ['10.0.0.0/8', '11.0.0.1', 443, true],
    ['10.0.0.0/8', 'a.10.example', 443, true],
    ['10.0.0.0/40', '10.0.0.1', 443, true],
    ['0.0.0.0/0', '10.0.0.1', 443, false],
    ['fd00::/8', 'fd00:ec2::23', 443, false],
    ['fd00::/8', '[fd00:ec2::23]', 443, false],
    ['fd00::1', 'fd00:0::1', 443, false],
    ['[fd00::1]:80', 'fd00::1', 80, false],
    ['[fd00::1]:80', 'fd00::1', 443, true],
    [':443, ,.', 'a.example', 443, true],
    ['', 'localhost', 443, false],
    ['', '127.0.0.1', 443, false],
    ['', '127.9.9.9', 443, false],
    ['', '[::1]', 443, false],
    ['', 'a.localhost', 443, true],
  ];
  for (const [noProxy, host, port, proxied] of table) {
    it(`${proxied ? 'asks the proxy' : 'connects directly'} for ${host}:${port} with NO_PROXY=${noProxy}`, () => {
      assert.equal(isProxied(noProxy, host, port), proxied);
    });
  }

  it('reads no_proxy where NO_PROXY is not given', () => {
    assert.equal(readProxyRules({ ...both, no_proxy: 'a.example' }).proxyFor('https', 'a.example', 443), undefined);
  });
});
