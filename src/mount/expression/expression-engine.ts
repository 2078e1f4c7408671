/** The queue before the expression workers: in turn between owners, so that nobody waits for another's slow expressions. */
import {
  expressionHeapMb,
  expressionIdleMs,
  expressionMs,
  expressionStartMs,
  expressionWorkers,
} from '../../budgets.js';
import { ProviderError } from '../../errors.js';
import { silentLogger, type Logger } from '../../log.js';
import type { Secret } from '../../secret.js';
import type { ExpressionEngine, ExpressionOutcome } from '../ports.js';
import { ExpressionWorker } from './expression-worker.js';

export interface ExpressionEngineOptions {
  /** The built `extract-worker.js`. */
  readonly workerFile: string;
  /** Told when a worker had to be ended. */
  readonly log?: Logger;
  /** Longest time for one call of `evaluate`, once a worker has it; `budgets.ts` says the defaults of all. */
  readonly jobMs?: number;
  readonly startMs?: number;
  readonly idleMs?: number;
  readonly heapMb?: number;
}

/** One call of `evaluate` that waits or runs. */
interface Job {
  readonly document: Secret;
  readonly expressions: readonly string[];
  readonly owner: string;
  readonly settle: (outcomes: readonly ExpressionOutcome[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** An engine without a thread: the first expression starts one. `close` fails what is open with `stopping`. */
export function createExpressionEngine(
  options: ExpressionEngineOptions,
): ExpressionEngine & { close(): Promise<void> } {
  return new WorkerEngine(options);
}

class WorkerEngine implements ExpressionEngine {
  readonly #options: ExpressionEngineOptions;
  readonly #log: Logger;
  /** Jobs by owner; the owner whose turn is next comes first. */
  readonly #waiting = new Map<string, Job[]>();
  readonly #busy = new Map<string, { readonly worker: ExpressionWorker; readonly job: Job }>();
  readonly #idle = new Map<ExpressionWorker, NodeJS.Timeout>();
  #closed = false;

  constructor(options: ExpressionEngineOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
  }

  async evaluate(
    document: Secret,
    expressions: readonly string[],
    owner: string,
    signal: AbortSignal,
  ): Promise<readonly ExpressionOutcome[]> {
    signal.throwIfAborted();
    if (this.#closed) throw stopping();
    if (expressions.length === 0) return [];
    const { promise, job } = newJob({ document, expressions, owner });
    const leave = () => {
      this.#remove(job);
      job.reject(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.set(owner, [...(this.#waiting.get(owner) ?? []), job]);
    this.#next();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#idle.keys(), ...[...this.#busy.values()].map(({ worker }) => worker)];
    const jobs = [...[...this.#waiting.values()].flat(), ...[...this.#busy.values()].map(({ job }) => job)];
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    this.#waiting.clear();
    for (const job of jobs) job.reject(stopping());
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #remove(job: Job): void {
    const rest = (this.#waiting.get(job.owner) ?? []).filter((other) => other !== job);
    if (rest.length > 0) this.#waiting.set(job.owner, rest);
    else this.#waiting.delete(job.owner);
  }

  /** Gives free workers to waiting owners in turn. An owner holds one worker at most: the other is there for the rest. */
  #next(): void {
    for (const [owner, [job]] of this.#waiting) {
      if (this.#closed || this.#busy.size >= expressionWorkers) return;
      if (job === undefined || this.#busy.has(owner)) continue;
      const worker = this.#takeWorker();
      if (worker === undefined) {
        this.#remove(job);
        job.settle(job.expressions.map(() => ({ failure: 'could not be evaluated: no thread could be started' })));
        continue;
      }
      this.#remove(job);
      this.#busy.set(owner, { worker, job });
      void this.#run(worker, job);
    }
  }

  async #run(worker: ExpressionWorker, job: Job): Promise<void> {
    const outcomes = await worker.run(job.document, job.expressions);
    this.#busy.delete(job.owner);
    // To the end of the line: whoever waited meanwhile comes first.
    const rest = this.#waiting.get(job.owner);
    if (rest !== undefined) {
      this.#waiting.delete(job.owner);
      this.#waiting.set(job.owner, rest);
    }
    if (worker.ended && !this.#closed) this.#log.warn('an expression worker was ended', { namespace: job.owner });
    if (!worker.ended) this.#park(worker);
    job.settle(outcomes);
    this.#next();
  }

  #takeWorker(): ExpressionWorker | undefined {
    for (const [worker, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(worker);
      if (!worker.ended) return worker;
    }
    const { workerFile, jobMs = expressionMs, startMs = expressionStartMs, heapMb = expressionHeapMb } = this.#options;
    try {
      return new ExpressionWorker(workerFile, { jobMs, startMs, heapMb });
    } catch (error) {
      this.#log.error('no expression worker could be started', {
        error: error instanceof Error ? error.name : 'unknown',
      });
      return undefined;
    }
  }

  #park(worker: ExpressionWorker): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#idle.delete(worker);
      void worker.terminate();
    }, this.#options.idleMs ?? expressionIdleMs);
    timer.unref();
    this.#idle.set(worker, timer);
  }
}

function newJob(about: Pick<Job, 'document' | 'expressions' | 'owner'>): {
  readonly promise: Promise<readonly ExpressionOutcome[]>;
  readonly job: Job;
} {
  let settle: Job['settle'] = () => undefined;
  let reject: Job['reject'] = () => undefined;
  const promise = new Promise<readonly ExpressionOutcome[]>((resolve, fail) => {
    settle = resolve;
    reject = fail;
  });
  return { promise, job: { ...about, settle, reject } };
}

function stopping(): ProviderError {
  return new ProviderError('stopping', 'the provider is stopping; the mount is tried again');
}
