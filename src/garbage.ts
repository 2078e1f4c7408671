/** Has V8 collect what mounts leave behind, where it would not by itself, or not soon enough. */
import v8 from 'node:v8';
import vm from 'node:vm';
import { garbageBytes, quietEveryMs, quietMounts, quietMs } from './budgets.js';

/** What V8 offers under `--expose-gc`; Node 20 takes every major collection for an ordinary one. */
type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'async';
  readonly flavor?: 'last-resort';
}) => Promise<void>;

/**
 * V8 knows of buffers outside of its heap, but lets 64 MiB of dead ones lie before it looks: more than a container has
 * whose limit is 100 MiB. So the bytes of answers are counted here, and each so many are one collection, which takes
 * some 20 ms. Mounts of ordinary secrets never come so far before V8 collects on its own.
 */
export class GarbageBound {
  readonly #collect: Collect;
  #bytes = 0;
  #running = false;

  constructor(collect: Collect = exposeCollector()) {
    this.#collect = collect;
  }

  /** So many bytes have arrived, and will be garbage soon. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < garbageBytes || this.#running) return;
    this.#bytes = 0;
    this.#running = true;
    void this.#collect({ type: 'major', execution: 'async' }).finally(() => {
      this.#running = false;
    });
  }
}

/** For tests; the defaults are V8's collector and what `budgets.ts` says. */
export interface QuietOptions {
  readonly collect?: Collect;
  readonly waitMs?: number;
  readonly everyMs?: number;
}

/**
 * Has V8 give back what it keeps for the next mounts, once there are none for a while: the young generation, pages that
 * are half empty, code that no longer runs. It would never do so by itself, and after a roll-out a node has no use for
 * 15 MiB of it. A row of mounts is not disturbed: the process stands still for as long as this takes.
 */
export class QuietCollection {
  readonly #options: Required<QuietOptions>;
  #underWay = 0;
  #mounts = 0;
  #earliest = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor({ collect = exposeCollector(), waitMs = quietMs, everyMs = quietEveryMs }: QuietOptions = {}) {
    this.#options = { collect, waitMs, everyMs };
  }

  /** A mount has come; each ends with one call of the function that this gives. */
  begin(): () => void {
    clearTimeout(this.#timer);
    this.#underWay += 1;
    this.#mounts += 1;
    return () => {
      this.#underWay -= 1;
      if (this.#underWay === 0 && this.#mounts >= quietMounts) this.#wait();
    };
  }

  #wait(): void {
    const { collect, waitMs, everyMs } = this.#options;
    const untilEarliest = this.#earliest - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#mounts = 0;
        this.#earliest = performance.now() + everyMs;
        void collect({ type: 'major', execution: 'async', flavor: 'last-resort' });
      },
      Math.max(waitMs, untilEarliest),
    ).unref();
  }
}

/** The flag may be set in a running process: it only gives new contexts a function more. */
function exposeCollector(): Collect {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as Collect;
  v8.setFlagsFromString('--no-expose-gc');
  return collect;
}
