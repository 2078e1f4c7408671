/** Names as the system resolves them (`getaddrinfo`), within the threads that Node has for it. */
import dns from 'node:dns';
import * as budgets from '../budgets.js';
import { Waiter } from '../waiter.js';

/** All addresses of a host; rejects as `dns.lookup` does. */
export type ResolveHost = (host: string) => Promise<readonly dns.LookupAddress[]>;

/** Hosts file, search list, address selection: all as the machine is set up. Holds a thread until the name server answers. */
export const systemResolve: ResolveHost = (host) => dns.promises.lookup(host, { all: true });

/**
 * So many look-ups under way, the rest in order. Without this order libuv would keep them in one of its own, which
 * nobody can leave: a thread that waits for a name server cannot be called back, but a look-up that waits for a thread
 * can be given up.
 */
export class SystemNames {
  readonly #resolve: ResolveHost;
  readonly #underWay = new Map<string, ReturnType<ResolveHost>>();
  readonly #waiting = new Set<Waiter>();
  #free: number = budgets.nameThreads;

  constructor(resolve: ResolveHost) {
    this.#resolve = resolve;
  }

  /** Joins a look-up of the same host that is under way. @param signal ends the wait for a thread, not the look-up; it has not fired yet */
  async find(host: string, signal: AbortSignal): ReturnType<ResolveHost> {
    const underWay = this.#underWay.get(host);
    if (underWay !== undefined) return underWay;
    await this.#takeThread(signal);
    const answer = this.#resolve(host).finally(() => {
      this.#underWay.delete(host);
      this.#giveThread();
    });
    this.#underWay.set(host, answer);
    return answer;
  }

  async #takeThread(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const waiter = new Waiter();
    this.#waiting.add(waiter);
    await waiter.wait(signal, (isServed) => {
      if (isServed) this.#giveThread();
      else this.#waiting.delete(waiter);
    });
  }

  #giveThread(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next.serve();
  }
}
