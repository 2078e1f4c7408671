/** Host names to addresses, so that a name that does not resolve holds up neither other names nor the file system. */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import * as budgets from '../budgets.js';
import { createDirectNames } from './direct-names.js';
import { startFairTimer, startTimer } from '../fair-timer.js';
import { SystemNames, systemResolve, type ResolveHost } from './system-names.js';

/** For tests: what stands in for the system, and for asking the name servers directly. */
export interface NameLookupOptions {
  readonly resolve?: ResolveHost;
  /** Absent where `resolve` is given: nobody is asked directly. */
  readonly direct?: ResolveHost;
  readonly now?: () => number;
}

type Addresses = readonly LookupAddress[];

interface Known {
  readonly addresses: Addresses;
  readonly at: number;
}

/** One question for all who ask for a host at the same time. */
interface Question {
  readonly askedAt: number;
  readonly answer: Promise<Addresses>;
}

/** A `lookup` for sockets. It may take longer than they wait: who is late still answers the next one. */
export function createNameLookup(options: NameLookupOptions = {}): LookupFunction {
  const lookup = new NameLookup(options);
  return (host, { all, family }, callback) => {
    lookup.find(host).then(
      (addresses) => {
        const wanted = family === 4 || family === 'IPv4' ? 4 : family === 6 || family === 'IPv6' ? 6 : undefined;
        const fitting = addresses.filter((address) => wanted === undefined || address.family === wanted);
        const [first] = fitting;
        if (first === undefined) callback(noAddress(host, 'ENOTFOUND'), []);
        else if (all === true) callback(null, [...fitting]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : noAddress(host, 'ENOTFOUND'), []);
      },
    );
  };
}

function noAddress(host: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address for ${host}`), { code });
}

/**
 * The system is asked first, and its word counts. Only two of its look-ups can run at once, and one may hold its thread
 * for a minute when a name server is silent: so a host that has no answer soon is asked for directly as well, which
 * needs no thread. The first address wins.
 */
class NameLookup {
  readonly #system: SystemNames;
  readonly #direct: ResolveHost | undefined;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #questions = new Map<string, Question>();

  constructor({ resolve, direct, now }: NameLookupOptions) {
    this.#system = new SystemNames(resolve ?? systemResolve);
    this.#direct = direct ?? (resolve === undefined ? createDirectNames() : undefined);
    this.#now = now ?? (() => performance.now());
  }

  async find(host: string): Promise<Addresses> {
    const known = this.#known.get(host);
    const age = known === undefined ? Infinity : this.#now() - known.at;
    if (known !== undefined && age < budgets.nameFreshMs) return known.addresses;
    const question = this.#questions.get(host) ?? this.#ask(host);
    if (known === undefined || age > budgets.nameStaleMs) return question.answer;
    const patienceMs = budgets.namePatienceMs - (this.#now() - question.askedAt);
    return firstOf(question.answer, { standIn: known.addresses, patienceMs });
  }

  #ask(host: string): Question {
    const over = new AbortController();
    const answer = new Promise<Addresses>((resolve, reject) => {
      const settle = (addresses: Addresses): void => {
        this.#remember(host, addresses);
        resolve(addresses);
      };
      const stopDirect = startTimer(budgets.nameDirectMs, () => {
        this.#direct?.(host).then(
          (addresses) => {
            if (!over.signal.aborted) settle(addresses);
          },
          // Says nothing: the system may know more.
          () => undefined,
        );
      });
      const stopLimit = startFairTimer(budgets.nameLimitMs, () => {
        reject(noAddress(host, 'ETIMEDOUT'));
      });
      over.signal.addEventListener('abort', () => {
        stopDirect();
        stopLimit();
      });
      this.#system.find(host, over.signal).then(settle, reject);
    }).finally(() => {
      over.abort();
      this.#questions.delete(host);
    });
    const question = { askedAt: this.#now(), answer };
    this.#questions.set(host, question);
    return question;
  }

  /** Also what comes after the question is over: the system's word takes the place of a direct answer. */
  #remember(host: string, addresses: Addresses): void {
    this.#known.delete(host);
    this.#known.set(host, { addresses, at: this.#now() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > budgets.namesKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** The answer, or what stands in for it when it fails or is late. */
function firstOf<T>(
  answer: Promise<T>,
  { standIn, patienceMs }: { readonly standIn: T; readonly patienceMs: number },
): Promise<T> {
  return new Promise((resolve) => {
    const stop = startTimer(Math.max(patienceMs, 0), () => {
      resolve(standIn);
    });
    answer
      .then(resolve, () => {
        resolve(standIn);
      })
      .finally(stop);
  });
}
