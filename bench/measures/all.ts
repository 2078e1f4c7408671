/** All measures, in the order of the table. */
import type { Measure } from '../measure.js';
import { burst } from './burst.js';
import { calls } from './calls.js';
import { latency } from './latency.js';
import { limiter } from './limiter.js';
import { memory } from './memory.js';
import { rotation } from './rotation.js';
import { start } from './start.js';
import { throughput } from './throughput.js';
import { tls } from './tls.js';

export const measures: readonly Measure[] = [latency, throughput, limiter, calls, rotation, start, tls, memory, burst];
