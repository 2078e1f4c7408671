/** Has V8 collect what large answers leave behind, before it would by itself. */
import v8 from 'node:v8';
import vm from 'node:vm';
import { garbageBytes } from './budgets.js';

/** What V8 offers under `--expose-gc`. */
type Collect = (options: { readonly type: 'major'; readonly execution: 'async' }) => Promise<void>;

/**
 * V8 knows of buffers outside of its heap, but lets 64 MiB of dead ones lie before it looks: more than a container has
 * whose limit is 100 MiB. So the bytes of answers are counted here, and each so many are one collection, which takes
 * some 20 ms. Mounts of ordinary secrets never come so far before V8 collects on its own.
 */
export class GarbageBound {
  readonly #everyBytes: number;
  readonly #expose: () => Collect;
  #collect: Collect | undefined;
  #bytes = 0;
  #running = false;

  /**
   * @param everyBytes after how many bytes there is a collection
   * @param expose called when the first collection is due: a context of its own is 2 ms of CPU, and most nodes need none
   */
  constructor(everyBytes: number = garbageBytes, expose: () => Collect = exposeCollector) {
    this.#everyBytes = everyBytes;
    this.#expose = expose;
  }

  /** So many bytes have arrived, and will be garbage soon. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes || this.#running) return;
    this.#bytes = 0;
    this.#running = true;
    this.#collect ??= this.#expose();
    void this.#collect({ type: 'major', execution: 'async' }).finally(() => {
      this.#running = false;
    });
  }
}

/** The flag may be set in a running process: it only gives new contexts a function more. */
function exposeCollector(): Collect {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as Collect;
  v8.setFlagsFromString('--no-expose-gc');
  return collect;
}
