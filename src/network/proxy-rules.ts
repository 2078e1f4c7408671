/** Which proxy a request goes through, by the environment variables and rules of Go's programs. */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { ProviderError, quote } from '../errors.js';

export interface ProxyRules {
  /** The proxy for a host and port, or `undefined` to connect directly. IPv6 addresses may stand in brackets. */
  proxyFor(scheme: 'http' | 'https', host: string, port: number): URL | undefined;
}

/** What an environment variable set to nothing is worth: nothing. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, upper case before lower case.
 * @throws ProviderError `start_failed` for an address that is no proxy's; without the credentials that may stand in it
 */
export function readProxyRules(env: Environment): ProxyRules {
  const proxies = { http: readProxy(env, 'HTTP_PROXY'), https: readProxy(env, 'HTTPS_PROXY') };
  const exceptions = readExceptions(firstOf(env, 'NO_PROXY')?.value ?? '');
  return {
    proxyFor: (scheme, host, port) => {
      const proxy = proxies[scheme];
      if (proxy === undefined) return undefined;
      const bare = host
        .trim()
        .toLowerCase()
        .replace(/^\[|\]$/g, '');
      if (isOwnHost(bare) || exceptions.some((matches) => matches(bare, port))) return undefined;
      return proxy;
    },
  };
}

function firstOf(env: Environment, name: string): { readonly name: string; readonly value: string } | undefined {
  for (const spelling of [name, name.toLowerCase()]) {
    const value = env[spelling];
    if (value !== undefined && value !== '') return { name: spelling, value };
  }
  return undefined;
}

function readProxy(env: Environment, variable: string): URL | undefined {
  const given = firstOf(env, variable);
  if (given === undefined) return undefined;
  const text = given.value.trim();
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === undefined) {
    throw new ProviderError('start_failed', `${given.name} is not the address of a proxy, such as http://proxy:3128`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const scheme = quote(url.protocol.slice(0, -1));
    throw new ProviderError(
      'start_failed',
      `${given.name} names a proxy of type ${scheme}; use an http or https proxy`,
    );
  }
  return url;
}

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.hostname === '' || !isDecodable(url.username) || !isDecodable(url.password)) return undefined;
  return url;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    // The proxy could not be told who we are, and every mount would fail by it.
    return false;
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isOwnHost(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, familyOf(host)));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** One entry of `NO_PROXY`. */
type Exception = (host: string, port: number) => boolean;

function readExceptions(list: string): readonly Exception[] {
  return list.split(',').flatMap((entry) => readException(entry.trim().toLowerCase()) ?? []);
}

function readException(entry: string): Exception | undefined {
  if (entry === '') return undefined;
  if (entry === '*') return () => true;
  const network = readNetwork(entry);
  if (network !== undefined) return network;
  const { host, port } = splitPort(entry);
  const fits = (other: number) => port === undefined || port === other;
  if (isIP(host) !== 0) {
    const only = new BlockList();
    only.addAddress(host, familyOf(host));
    return (other, otherPort) => isIP(other) !== 0 && only.check(other, familyOf(other)) && fits(otherPort);
  }
  // `.name` and `*.name` are the names below it; `name` is itself too.
  const suffix = host.startsWith('*.') ? host.slice(1) : host;
  if (suffix === '' || suffix === '.') return undefined;
  const below = suffix.startsWith('.') ? suffix : `.${suffix}`;
  return (other, otherPort) => (other.endsWith(below) || other === suffix) && fits(otherPort);
}

/** `10.0.0.0/8`, `fd00::/8` */
function readNetwork(entry: string): Exception | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (isIP(address) === 0 || Number(prefix) > (isIPv4(address) ? 32 : 128)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, Number(prefix), familyOf(address));
  return (host) => isIP(host) !== 0 && network.check(host, familyOf(host));
}

/** `host:port`, `[v6]:port`, or a host alone; an IPv6 address without brackets has no port. */
function splitPort(entry: string): { readonly host: string; readonly port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const host = bracketed ?? plain ?? entry;
  return port === undefined ? { host } : { host, port: Number(port) };
}
