/** What a piece of synchronous work costs, whatever else the machine does meanwhile. */

/** CPU time in milliseconds of the cheapest of up to five runs; runs no more once one is cheaper than `enoughMs`. */
export function cpuCostMs(enoughMs: number, work: () => void): number {
  let cheapest = Infinity;
  for (let run = 0; run < 5 && cheapest >= enoughMs; run++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    cheapest = Math.min(cheapest, (user + system) / 1000);
  }
  return cheapest;
}
