/** Names asked of the name servers without a thread: beside the system's own way, for when that is held up. */
import dns from 'node:dns';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import * as budgets from '../budgets.js';
import type { ResolveHost } from './system-names.js';

export interface DirectNamesOptions {
  readonly hostsFile?: string;
  /** `address:port`; absent: those of `/etc/resolv.conf`. */
  readonly servers?: readonly string[];
}

/**
 * The hosts file, then the name as it stands: no search list. So an answer is right for a full name, as AWS's are; a
 * failure says nothing, for the system may know more (a search list, another source of `nsswitch.conf`).
 */
export function createDirectNames(options: DirectNamesOptions = {}): ResolveHost {
  const { hostsFile = '/etc/hosts', servers } = options;
  // Kept only while it is used, so that a name server that changes is noticed.
  let resolver: dns.promises.Resolver | undefined;
  let underWay = 0;
  return async (host) => {
    if (underWay >= budgets.directNames) throw new Error('too many names are asked for at once');
    underWay += 1;
    try {
      const listed = addressesIn(await readFile(hostsFile, 'utf8').catch(() => ''), host);
      if (listed.length > 0) return listed;
      resolver ??= createResolver(servers);
      return await ask(resolver, host);
    } finally {
      underWay -= 1;
      if (underWay === 0) resolver = undefined;
    }
  };
}

function createResolver(servers: readonly string[] | undefined): dns.promises.Resolver {
  const resolver = new dns.promises.Resolver({ timeout: budgets.directAttemptMs, tries: budgets.directAttempts });
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}

/** Addresses of both families; the sockets try them in turn, so a family that does not lead anywhere does no harm. */
async function ask(resolver: dns.promises.Resolver, host: string): Promise<readonly dns.LookupAddress[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
  return [...found(v4, 4), ...found(v6, 6)];
}

function found(outcome: PromiseSettledResult<string[]>, family: number): dns.LookupAddress[] {
  return outcome.status === 'fulfilled' ? outcome.value.map((address) => ({ address, family })) : [];
}

function addressesIn(hosts: string, host: string): dns.LookupAddress[] {
  return hosts.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    const family = net.isIP(address);
    return family !== 0 && names.includes(host.toLowerCase()) ? [{ address, family }] : [];
  });
}
