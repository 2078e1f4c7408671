/** The expression workers: results, limits, turns between owners, and ends. */
import assert from 'node:assert/strict';
import {
  createExpressionEngine,
  type ExpressionEngineOptions,
} from '../../../src/mount/expression/expression-engine.js';
import type { ExpressionOutcome } from '../../../src/mount/ports.js';
import { Secret } from '../../../src/secret.js';
import { buildWorker, type WorkerFolder } from '../../support/extract-worker.js';

const never = new AbortController().signal;
const document = new Secret('{"a":1.10,"b":["x","y"],"n":null,"s":"text"}');
const shown = (outcomes: readonly ExpressionOutcome[]) =>
  outcomes.map((outcome) => ('text' in outcome ? outcome.text.revealText() : `! ${outcome.failure}`));
const doubling = `${'[@,@] | '.repeat(25)}[@,@]`;
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers the jobs whose first expression is in `slow` after that many milliseconds, or never. */
const sleeper = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ expressions }) => {
  const [word, ms] = expressions[0].split(' ');
  if (word === 'hang') for (;;);
  if (word === 'exit') process.exit(3);
  if (word === 'throw') throw new Error('secret text');
  if (word === 'eat') { const all = []; for (;;) all.push(new Array(1e5).fill({})); }
  if (word === 'string') { let s = 'x'.repeat(1e6); const all = []; for (;;) all.push(Buffer.from(s).toString() + all.length); }
  if (word === 'partly') { parentPort.postMessage({ kind: 'outcome', failure: 'first' }); setTimeout(() => { for (;;); }, 20); return; }
  setTimeout(() => {
    for (const _ of expressions) parentPort.postMessage({ kind: 'outcome', failure: 'slept' });
    parentPort.postMessage({ kind: 'done' });
  }, Number(ms ?? 0));
});
parentPort.postMessage({ kind: 'ready' });
`;

describe('the expression engine', () => {
  let folder: WorkerFolder;
  let sleeperFile: string;
  const engines: { close(): Promise<void> }[] = [];
  const engineOf = (options: Partial<ExpressionEngineOptions> = {}) => {
    const engine = createExpressionEngine({ workerFile: folder.workerFile, ...options });
    engines.push(engine);
    return engine;
  };

  before(async () => {
    folder = await buildWorker();
    sleeperFile = await folder.write('sleeper', sleeper);
  });
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
  });
  after(() => folder.remove());

  it('returns results and failures in the order of the expressions', async () => {
    const expressions = ['[a]', "b[?@ == 'x'] | [0]", 'n || missing', '{x: b}', 'length(a)', 'a == `1.1`'];
    assert.deepEqual(shown(await engineOf().evaluate(document, expressions, 'ns', never)), [
      '[1.10]',
      'x',
      '! finds nothing in the value: the result is null or missing',
      '{"x":["x","y"]}',
      '! calls length() with type number as argument 1; it takes string or array or object',
      'true',
    ]);
  });

  it('says what is wrong with a document without repeating it', async () => {
    assert.deepEqual(shown(await engineOf().evaluate(new Secret('password'), ['[a]'], 'ns', never)), [
      '! needs JSON, and the value is not JSON',
    ]);
  });

  it('answers nothing without starting a thread when nothing is asked', async () => {
    const engine = engineOf({ workerFile: '/nowhere' });
    assert.deepEqual(await engine.evaluate(document, [], 'ns', never), []);
  });

  it('ends the doubling expression at the size of a file and goes on', async () => {
    const outcomes = await engineOf().evaluate(document, [doubling, '[s]'], 'ns', never);
    assert.deepEqual(shown(outcomes), ['! gives more than 65536 bytes', '["text"]']);
  });

  it('bounds the results of one call together', async () => {
    const big = new Secret(JSON.stringify({ x: 'x'.repeat(60_000) }));
    const outcomes = shown(await engineOf().evaluate(big, Array<string>(300).fill('x | @'), 'ns', never));
    assert.equal(outcomes[0]?.length, 60_000);
    assert.equal(outcomes.at(-1), '! takes too much work; simplify it');
  });

  it('lets another owner through beside 1,000 expressions that take all the work they may', async () => {
    const engine = engineOf();
    const slow = '[@,@][]|'.repeat(25) + '@';
    const stops = Array.from({ length: 100 }, () => new AbortController());
    const numbers = new Secret(JSON.stringify(Array.from({ length: 10_000 }, (_, place) => place)));
    const hostile = stops.map(({ signal }) =>
      engine.evaluate(numbers, Array<string>(10).fill(slow), 'hostile', signal),
    );
    const settled = Promise.allSettled(hostile);
    await later(300);
    const start = performance.now();
    for (let turn = 0; turn < 5; turn += 1) {
      assert.deepEqual(shown(await engine.evaluate(document, ['[s]'], 'other', never)), ['["text"]']);
    }
    assert.ok(performance.now() - start < 2500, `waited ${performance.now() - start} ms`);
    for (const stop of stops) stop.abort(new Error('enough'));
    assert.ok((await settled).some(({ status }) => status === 'rejected'));
  });

  it('gives owners turns, and no owner two workers', async () => {
    const engine = engineOf({ workerFile: sleeperFile });
    const order: string[] = [];
    const ask = async (owner: string, name: string) => {
      await engine.evaluate(document, ['sleep 60'], owner, never);
      order.push(name);
    };
    await Promise.all([ask('a', 'a1'), ask('a', 'a2'), ask('a', 'a3'), ask('b', 'b1'), ask('c', 'c1')]);
    assert.deepEqual(order.slice(0, 2).sort(), ['a1', 'b1']);
    assert.ok(order.indexOf('c1') < order.indexOf('a3'), order.join());
    assert.equal(order.at(-1), 'a3');
  });

  const ends: readonly (readonly [string, string])[] = [
    ['hang', '! takes too long; simplify it'],
    ['exit', '! could not be evaluated'],
    ['throw', '! could not be evaluated'],
    ['eat', '! takes too much memory; simplify it'],
    ['string', '! takes too much memory; simplify it'],
  ];
  for (const [word, failure] of ends) {
    it(`survives a worker that comes to ${word}, and starts another`, async () => {
      const lines: string[] = [];
      const log = {
        debug: () => undefined,
        info: () => undefined,
        error: () => undefined,
        warn: (line: string) => void lines.push(line),
      };
      const engine = engineOf({ workerFile: sleeperFile, jobMs: word === 'hang' ? 200 : 8000, heapMb: 16, log });
      const outcomes = await engine.evaluate(document, [word, 'x'], 'ns', never);
      assert.deepEqual(shown(outcomes), [
        failure,
        '! was not evaluated, because an expression of this object before it was stopped',
      ]);
      assert.deepEqual(shown(await engine.evaluate(document, ['sleep'], 'ns', never)), ['! slept']);
      assert.deepEqual(lines, ['an expression worker was ended']);
    });
  }

  it('keeps the outcomes that came before a time-out', async () => {
    const engine = engineOf({ workerFile: sleeperFile, jobMs: 200 });
    const outcomes = await engine.evaluate(document, ['partly', 'x', 'y'], 'ns', never);
    assert.deepEqual(shown(outcomes).slice(0, 2), ['! first', '! takes too long; simplify it']);
  });

  it('fails the expressions when a worker cannot start', async () => {
    for (const [workerFile, failure] of [
      ['/nowhere/extract-worker.js', '! could not be evaluated'],
      ['relative.js', '! could not be evaluated: no thread could be started'],
    ] as const) {
      assert.deepEqual(shown(await engineOf({ workerFile }).evaluate(document, ['[a]'], 'ns', never)), [failure]);
    }
  });

  it('does not count the start of a worker as time of the job, and bounds it', async () => {
    const start = "const t = Date.now(); while (Date.now() - t < 400); require('./sleeper.cjs');";
    const workerFile = await folder.write('late', start);
    const slow = engineOf({ workerFile, jobMs: 200 });
    assert.deepEqual(shown(await slow.evaluate(document, ['sleep'], 'ns', never)), ['! slept']);
    const bounded = engineOf({ workerFile, startMs: 100 });
    assert.deepEqual(shown(await bounded.evaluate(document, ['sleep'], 'ns', never)), [
      '! could not be evaluated in time: the node is too busy',
    ]);
  });

  it("rejects with the signal's reason, before, in line and at work", async () => {
    const engine = engineOf({ workerFile: sleeperFile });
    const reason = new Error('gone');
    await assert.rejects(engine.evaluate(document, ['sleep'], 'ns', AbortSignal.abort(reason)), reason);
    const stop = new AbortController();
    const running = engine.evaluate(document, ['sleep 300'], 'ns', stop.signal);
    const waiting = engine.evaluate(document, ['sleep 300'], 'ns', stop.signal);
    setTimeout(() => {
      stop.abort(reason);
    }, 50);
    await assert.rejects(running, reason);
    await assert.rejects(waiting, reason);
    assert.deepEqual(shown(await engine.evaluate(document, ['sleep'], 'ns', never)), ['! slept']);
  });

  it('ends idle workers, and starts again when asked', async () => {
    const engine = engineOf({ idleMs: 30 });
    for (let turn = 0; turn < 2; turn += 1) {
      assert.deepEqual(shown(await engine.evaluate(document, ['[s]'], 'ns', never)), ['["text"]']);
      await later(150);
    }
  });

  it('fails what is open with `stopping` when it is closed, and refuses more', async () => {
    const engine = engineOf({ workerFile: sleeperFile });
    const open = [engine.evaluate(document, ['hang'], 'a', never), engine.evaluate(document, ['x'], 'a', never)];
    const failed = Promise.all(
      open.map((call) => assert.rejects(call, { code: 'stopping', message: /^the provider is stopping/ })),
    );
    await engine.close();
    await failed;
    await assert.rejects(engine.evaluate(document, ['x'], 'a', never), { code: 'stopping', message: /stopping/ });
  });
});
