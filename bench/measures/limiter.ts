/** A roll-out on one node: 50 pods of one service account at once, the limiter of Kubernetes look-ups as it is by default. */
import type { Measure } from '../measure.js';
import { percentile } from '../statistics.js';

export const limiter: Measure = {
  name: 'limiter',
  about: '50 pods of one service account with 10 secrets at once, with the default of 5 Kubernetes look-ups a second',
  run: (side) =>
    side.run({ awsMs: 20, defaultLimiter: true }, async (running) => {
      // Pods were there before: code is compiled, and the limiter's burst is full again after them.
      await running.warm(5, 10);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const pods = await running.pods('pod', 50, { objects: 10 });
      const times = await Promise.all(pods.map((pod) => running.time(pod)));
      return [
        { name: 'half of 50 pods done after', unit: 's', value: percentile(times, 0.5) / 1000 },
        {
          name: 'the last of 50 pods done after',
          unit: 's',
          value: Math.max(...times) / 1000,
          aim: { atMost: 1.5 },
          plot: true,
        },
      ];
    }),
};
