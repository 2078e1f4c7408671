/** Pauses between attempts that end with the mount. */
import { raceWithSignal } from './shared-calls.js';

/** @throws `signal.reason` as soon as the signal fires */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await raceWithSignal(pause, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** A pause of about `ms`, different for each caller: pods that failed together do not come back together. */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random());
}
