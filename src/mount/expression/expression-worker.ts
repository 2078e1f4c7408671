/** One worker thread that evaluates expressions: its start, its limits of time and memory, and its end. */
import { Worker } from 'node:worker_threads';
import { Secret } from '../../secret.js';
import type { ExpressionOutcome } from '../ports.js';
import type { EvaluateJob, WorkerMessage } from './extract-protocol.js';

export interface WorkerLimits {
  /** For one job, from the moment the worker has it. */
  readonly jobMs: number;
  /** From the start of the thread until it takes work. */
  readonly startMs: number;
  readonly heapMb: number;
}

/** V8's youngest generation counts apart from the heap; the stack is far above what 32 levels on 500 need. */
const youngHeapMb = 4;
const stackMb = 4;

const notEvaluated = 'was not evaluated, because an expression of this object before it was stopped';

/** The job under way. */
interface Running {
  readonly outcomes: ExpressionOutcome[];
  readonly finish: (failure?: string) => void;
}

/** Takes one job at a time. Does not keep the process alive while it has none. */
export class ExpressionWorker {
  readonly #worker: Worker;
  readonly #limits: WorkerLimits;
  /** Settles when the thread takes work, or with its end. */
  readonly #ready: Promise<void>;
  #markReady: () => void = () => undefined;
  #running: Running | undefined;
  #ended = false;

  /** @throws Error when no thread can be made */
  constructor(workerFile: string, limits: WorkerLimits) {
    this.#limits = limits;
    this.#ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    this.#worker = new Worker(workerFile, {
      // Neither the process's flags nor its environment (endpoints, tokens' paths) belong in there.
      execArgv: [],
      env: {},
      resourceLimits: {
        maxOldGenerationSizeMb: limits.heapMb,
        maxYoungGenerationSizeMb: youngHeapMb,
        stackSizeMb: stackMb,
      },
    });
    this.#worker.on('message', (message: WorkerMessage) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      // Its message may hold a piece of the document; its code does not.
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#end(memory ? 'takes too much memory; simplify it' : 'could not be evaluated');
    });
    this.#worker.on('exit', () => {
      this.#end('could not be evaluated');
    });
    this.#worker.unref();
  }

  /** Whether the thread is gone, or going: it takes no further job. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The outcomes of a job, as many as it has expressions. Never rejects: what the thread's end left open are failures,
   * and the first of them says why.
   */
  async run(document: Secret, expressions: readonly string[]): Promise<readonly ExpressionOutcome[]> {
    if (this.#running !== undefined) throw new TypeError('an expression worker takes one job at a time');
    const outcomes: ExpressionOutcome[] = [];
    this.#worker.ref();
    const failure = await new Promise<string | undefined>((resolve) => {
      this.#running = { outcomes, finish: resolve };
      if (this.#ended) resolve('could not be evaluated');
      void this.#start(document, expressions);
    });
    this.#running = undefined;
    this.#worker.unref();
    const open = expressions.slice(outcomes.length);
    return [
      ...outcomes,
      ...open.map((_, place) => ({ failure: place === 0 ? (failure ?? notEvaluated) : notEvaluated })),
    ];
  }

  /** Ends the thread; resolves when it is gone. */
  async terminate(): Promise<void> {
    this.#end('could not be evaluated');
    await this.#worker.terminate();
  }

  async #start(document: Secret, expressions: readonly string[]): Promise<void> {
    const running = this.#running;
    const stopStartTimer = this.#limit(this.#limits.startMs, 'could not be evaluated in time: the node is too busy');
    await this.#ready;
    stopStartTimer();
    if (this.#ended || running === undefined) return;
    const stopJobTimer = this.#limit(this.#limits.jobMs, 'takes too long; simplify it');
    const { finish } = running;
    this.#running = {
      outcomes: running.outcomes,
      finish: (failure) => {
        stopJobTimer();
        finish(failure);
      },
    };
    const copy = Uint8Array.from(document.reveal());
    const job: EvaluateJob = { document: copy, expressions };
    this.#worker.postMessage(job, [copy.buffer]);
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === 'ready') this.#markReady();
    else if (message.kind === 'done') this.#running?.finish();
    else {
      const outcome = 'failure' in message ? { failure: message.failure } : { text: new Secret(message.text) };
      this.#running?.outcomes.push(outcome);
    }
  }

  /** A stalled main thread runs due timers before it reads answers that are there: so one more turn before the end. */
  #limit(afterMs: number, failure: string): () => void {
    let stopped = false;
    const timer = setTimeout(() => {
      setImmediate(() => {
        if (!stopped) void this.#kill(failure);
      });
    }, afterMs);
    timer.unref();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async #kill(failure: string): Promise<void> {
    this.#end(failure);
    await this.#worker.terminate();
  }

  #end(failure: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#running?.finish(failure);
    this.#markReady();
  }
}
