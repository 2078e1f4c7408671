/** Timers that do not take a stall of this very process for a silence of the other side. */

/** Into how many parts a fair timer divides its time: a stall counts as one of them, however long it lasts. */
const slices = 20;

/**
 * Calls `onDue` one turn of the event loop after `ms` milliseconds: due timers run before answers that have already
 * arrived are read, so that right after a stall every silence looks longer than it was.
 * @returns cancels the timer; harmless after it is due
 */
export function startTimer(ms: number, onDue: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(() => {
      // The first turn reads what had arrived, the second what its reading set going.
      immediate = setImmediate(onDue);
    });
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}

/**
 * Like `startTimer`, but a stall in the middle of the wait does not count either: the time passes in slices, and a
 * slice that ends late counts as long as it was meant to be.
 * @returns cancels the timer; harmless after it is due
 */
export function startFairTimer(ms: number, onDue: () => void): () => void {
  let left = slices;
  let cancel = (): void => undefined;
  const nextSlice = (): void => {
    cancel = startTimer(ms / slices, () => {
      left -= 1;
      if (left > 0) nextSlice();
      else onDue();
    });
  };
  nextSlice();
  return () => {
    cancel();
  };
}
