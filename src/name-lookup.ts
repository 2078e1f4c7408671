/** Host names to addresses, so that a name that does not resolve holds up neither other names nor the file system. */
import dns from 'node:dns';
import type { LookupFunction } from 'node:net';

/** All addresses of a host; rejects as `dns.lookup` does. */
export type ResolveHost = (host: string) => Promise<readonly dns.LookupAddress[]>;

export interface NameLookupOptions {
  readonly resolve?: ResolveHost;
  readonly now?: () => number;
}

/** How long an answer is used without asking again, and how long it stands in when there is no new one. */
const freshMs = 30_000;
const staleMs = 60 * 60_000;

/** How long a known host is waited for before its last addresses stand in. */
const patienceMs = 500;

/** Names remembered. Tenants choose regions, and those choose names. */
const names = 200;

/**
 * `getaddrinfo` occupies one of Node's four threads, which file writes need too, for as long as a name server is
 * silent. Names that have resolved before have a lane of their own: the regions that work go on working.
 */
const lanes = { known: 1, unknown: 2 } as const;

interface Known {
  readonly addresses: readonly dns.LookupAddress[];
  readonly at: number;
}

/** A `lookup` for sockets. Not cut in time by itself: the connection that waits for it is. */
export function createNameLookup(options: NameLookupOptions = {}): LookupFunction {
  const lookup = new NameLookup(options);
  return (host, { all, family }, callback) => {
    lookup.find(host).then(
      (addresses) => {
        const wanted = family === 4 || family === 'IPv4' ? 4 : family === 6 || family === 'IPv6' ? 6 : undefined;
        const fitting = addresses.filter((address) => wanted === undefined || address.family === wanted);
        const [first] = fitting;
        if (first === undefined) callback(notFound(host), []);
        else if (all === true) callback(null, [...fitting]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : notFound(host), []);
      },
    );
  };
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address for ${host}`), { code: 'ENOTFOUND' });
}

class NameLookup {
  readonly #resolve: ResolveHost;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<string, Promise<readonly dns.LookupAddress[]>>();
  readonly #lanes = { known: new Lane(lanes.known), unknown: new Lane(lanes.unknown) };

  constructor({ resolve, now }: NameLookupOptions) {
    this.#resolve = resolve ?? ((host) => dns.promises.lookup(host, { all: true }));
    this.#now = now ?? (() => performance.now());
  }

  async find(host: string): Promise<readonly dns.LookupAddress[]> {
    const known = this.#known.get(host);
    const age = known === undefined ? Infinity : this.#now() - known.at;
    if (known === undefined || age > staleMs) return this.#ask(host, 'unknown');
    if (age < freshMs) return known.addresses;
    return firstOf(this.#ask(host, 'known'), known.addresses);
  }

  /** One question for all who ask at the same time. */
  #ask(host: string, lane: keyof typeof lanes): Promise<readonly dns.LookupAddress[]> {
    const asked = this.#asked.get(host);
    if (asked !== undefined) return asked;
    const answer = this.#lanes[lane]
      .run(() => this.#resolve(host))
      .then((addresses) => {
        this.#remember(host, addresses);
        return addresses;
      })
      .finally(() => {
        this.#asked.delete(host);
      });
    this.#asked.set(host, answer);
    return answer;
  }

  #remember(host: string, addresses: readonly dns.LookupAddress[]): void {
    this.#known.delete(host);
    this.#known.set(host, { addresses, at: this.#now() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > names && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** The answer, or what stands in for it when it fails or is late. */
function firstOf<T>(answer: Promise<T>, standIn: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs, standIn);
    answer
      .then(resolve, () => {
        resolve(standIn);
      })
      .finally(() => {
        clearTimeout(timer);
      });
  });
}

/** Runs so many at once; the rest waits in order. */
class Lane {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
