/** Calls in flight that several mounts wait for: one request, many waiters, and none of them owns it. */

interface Call<T, Waiter> {
  readonly controller: AbortController;
  readonly result: Promise<T>;
  /** Everyone who waits for it at this moment, the one who started it first. */
  readonly waiters: (Waiter | undefined)[];
}

/**
 * Shares calls that are under way. Keeps nothing after they end: it is no cache.
 * `Waiter` is what a call may want to know of those who wait for it.
 */
export class SharedCalls<T, Waiter = never> {
  readonly #calls = new Map<string, Call<T, Waiter>>();

  /**
   * Joins the call that is in flight under `key`, or starts one. The call's own signal fires when its last waiter has
   * left; nobody joins it after that. `start` runs at most once for each call, and whatever it throws reaches every
   * waiter.
   * @param signal this waiter's own deadline: when it fires, this waiter alone is rejected at once
   * @param start gets the call's signal, and everyone who waits for it: a list that follows their coming and going
   * @throws `signal.reason` when the waiter's signal fires first, else what the call failed with
   */
  async run(
    key: string,
    signal: AbortSignal,
    start: (signal: AbortSignal, waiters: readonly (Waiter | undefined)[]) => Promise<T>,
    waiter?: Waiter,
  ): Promise<T> {
    signal.throwIfAborted();
    const known = this.#calls.get(key);
    known?.waiters.push(waiter);
    const call = known ?? this.#start(key, start, waiter);
    try {
      return await raceWithSignal(call.result, signal);
    } finally {
      call.waiters.splice(call.waiters.indexOf(waiter), 1);
      if (call.waiters.length === 0 && signal.aborted) {
        this.#forget(key, call);
        call.controller.abort(signal.reason);
      }
    }
  }

  #start(
    key: string,
    start: (signal: AbortSignal, waiters: readonly (Waiter | undefined)[]) => Promise<T>,
    waiter: Waiter | undefined,
  ): Call<T, Waiter> {
    const controller = new AbortController();
    const waiters = [waiter];
    // An async function turns a throw of `start` itself into a rejection, too.
    const result = (async () => start(controller.signal, waiters))();
    const call: Call<T, Waiter> = { controller, result, waiters };
    this.#calls.set(key, call);
    const forget = () => {
      this.#forget(key, call);
    };
    // Both ways end here, so that a call which fails after its last waiter left is no unhandled rejection.
    void result.then(forget, forget);
    return call;
  }

  #forget(key: string, call: Call<T, Waiter>): void {
    if (this.#calls.get(key) === call) this.#calls.delete(key);
  }
}

/** The promise, or a rejection with the signal's reason as soon as it fires; look first whether it has fired already. */
export async function raceWithSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stopListening = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the mount fails with the reason, whatever its type
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    stopListening = () => {
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}
