/** Calls in flight that several mounts wait for: one request, many waiters, and none of them owns it. */

interface Call<T> {
  readonly controller: AbortController;
  readonly result: Promise<T>;
  waiters: number;
}

/** Shares calls that are under way. Keeps nothing after they end: it is no cache. */
export class SharedCalls<T> {
  readonly #calls = new Map<string, Call<T>>();

  /**
   * Joins the call that is in flight under `key`, or starts one. The call's own signal fires when its last waiter has
   * left; nobody joins it after that. `start` runs at most once for each call, and whatever it throws reaches every
   * waiter.
   * @param signal this waiter's own deadline: when it fires, this waiter alone is rejected at once
   * @throws `signal.reason` when the waiter's signal fires first, else what the call failed with
   */
  async run(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const call = this.#calls.get(key) ?? this.#start(key, start);
    call.waiters += 1;
    try {
      return await raceWithSignal(call.result, signal);
    } finally {
      call.waiters -= 1;
      if (call.waiters === 0 && signal.aborted) {
        this.#forget(key, call);
        call.controller.abort(signal.reason);
      }
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Call<T> {
    const controller = new AbortController();
    // An async function turns a throw of `start` itself into a rejection, too.
    const result = (async () => start(controller.signal))();
    const call: Call<T> = { controller, result, waiters: 0 };
    this.#calls.set(key, call);
    const forget = () => {
      this.#forget(key, call);
    };
    // Both ways end here, so that a call which fails after its last waiter left is no unhandled rejection.
    void result.then(forget, forget);
    return call;
  }

  #forget(key: string, call: Call<T>): void {
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
