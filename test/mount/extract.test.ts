/** The jmesPath step of a mount. */
import assert from 'node:assert/strict';
import { extractValues } from '../../src/mount/extract.js';
import { createExpressionEngine } from '../../src/mount/expression/expression-engine.js';
import type { ExpressionEngine } from '../../src/mount/ports.js';
import type { FetchedObject, ObjectSpec } from '../../src/mount/types.js';
import { Secret } from '../../src/secret.js';
import { buildWorker, type WorkerFolder } from '../support/extract-worker.js';

const never = new AbortController().signal;

function objectOf(index: number, expressions: readonly string[]): ObjectSpec {
  return {
    index,
    type: 'secretsmanager',
    name: `secret-${index}`,
    path: `secret-${index}`,
    hiddenByJmesPath: false,
    mode: 0o644,
    jmesPath: expressions.map((expression, place) => ({ expression, path: `${index}-${place}`, mode: 0o644 })),
  };
}

function fetchedOf(value: string): FetchedObject {
  return { value: new Secret(value), version: 'v1', region: 'eu-west-1' };
}

/** Fails when it is asked anything. */
const unused: ExpressionEngine = {
  evaluate: () => Promise.reject(new TypeError('the engine was asked')),
};

async function extract(value: string, expressions: readonly string[], engine = unused): Promise<readonly string[]> {
  const values = await extractValues([objectOf(0, expressions)], [fetchedOf(value)], engine, 'ns', never);
  return (values[0] ?? []).map((text) => text.revealText());
}

describe('extractValues', () => {
  let folder: WorkerFolder;
  let engine: ReturnType<typeof createExpressionEngine>;
  before(async () => {
    folder = await buildWorker();
    engine = createExpressionEngine({ workerFile: folder.workerFile });
  });
  after(async () => {
    await engine.close();
    await folder.remove();
  });

  const plain: readonly (readonly [string, string, string])[] = [
    ['a string as it is', '{"a":"line\\n\\"x\\" é"}', 'line\n"x" é'],
    ['an empty string', '{"a":""}', ''],
    ['a number with its digits', '{"a":1.10}', '1.10'],
    ['a long number', '{"a":12345678901234567890}', '12345678901234567890'],
    ['a boolean', '{"a":false}', 'false'],
    ['an object in its order', '{"a":{"b": 1.0, "10": [ null, "x" ], "2": {}}}', '{"b":1.0,"10":[null,"x"],"2":{}}'],
    ['an empty array', '{"a":[]}', '[]'],
    ['the last of equal keys', '{"a":1,"a":2}', '2'],
    ['a value behind a byte order mark', '\uFEFF{"a":"x"}', 'x'],
  ];
  for (const [name, value, text] of plain) {
    it(`returns ${name} without the engine`, async () => {
      assert.deepEqual(await extract(value, ['a']), [text]);
    });
  }

  it('walks own keys and indexes without the engine', async () => {
    const value = '{"__proto__":{"x":"own"},"constructor":"c","list":[1,{"a.b":"quoted"}]}';
    const expressions = ['"__proto__".x', 'constructor', 'list[0]', 'list[-1]."a.b"', 'list[-2]'];
    assert.deepEqual(await extract(value, expressions), ['own', 'c', '1', 'quoted', '1']);
  });

  it('gives plain paths and other expressions back in their order', async () => {
    const expressions = ['length(b)', 'a', 'b[*] | [0]', 'b[1]', "join('-', b)"];
    assert.deepEqual(await extract('{"a":"x","b":["y","z"]}', expressions, engine), ['2', 'x', 'y', 'z', 'y-z']);
  });

  const nothing = 'finds nothing in the value: the result is null or missing';
  const missing = [
    'b',
    'constructor',
    'toString',
    '"__proto__"',
    'hasOwnProperty',
    'a.length',
    'n',
    'l[5]',
    'l[-3]',
    'l.x',
    'a[0]',
  ];
  for (const expression of missing) {
    it(`refuses ${expression}, which is null or missing`, async () => {
      const shown = expression.replaceAll('"', '\\"');
      await assert.rejects(extract('{"a":"x","n":null,"l":[1,2]}', [expression]), {
        code: 'extract_failed',
        message: `objects[0] "secret-0": jmesPath "${shown}" ${nothing}`,
      });
    });
  }

  for (const value of ['canary-password', '', '{"a": canary}', '{"a":1} canary', '\u0000\u0001']) {
    it(`refuses the value ${JSON.stringify(value)} as no JSON, once, without repeating it`, async () => {
      await assert.rejects(extract(value, ['a', 'length(a)']), {
        code: 'extract_failed',
        message:
          'objects[0] "secret-0": the value is not JSON, which jmesPath needs; store JSON in it, or remove its jmesPath',
      });
    });
  }

  it('refuses a value nested 30,000 levels deep', async () => {
    await assert.rejects(extract('['.repeat(30_000) + ']'.repeat(30_000), ['[0]']), {
      code: 'extract_failed',
      message: /the value is nested deeper than 500 levels, which/,
    });
  });

  it('refuses a result over 64 KiB and accepts one of that size', async () => {
    const value = JSON.stringify({ a: 'x'.repeat(65_536), b: 'x'.repeat(65_537), c: ['x'.repeat(65_533)] });
    assert.equal((await extract(value, ['a']))[0]?.length, 65_536);
    for (const expression of ['b', 'c', '@']) {
      await assert.rejects(extract(value, [expression]), {
        code: 'extract_failed',
        message: `objects[0] "secret-0": jmesPath "${expression}" gives more than 65536 bytes`,
      });
    }
  });

  it('bounds the results of a whole mount', async () => {
    const value = JSON.stringify({ a: 'x'.repeat(65_000) });
    await assert.rejects(extract(value, Array<string>(1000).fill('a')), {
      code: 'extract_failed',
      message: 'objects[0] "secret-0": the jmesPath results of this mount are over 8388608 bytes',
    });
  });

  it('reports all failing entries of all objects, in order', async () => {
    const objects = [objectOf(0, ['a', 'x']), objectOf(1, []), objectOf(2, ['a']), objectOf(3, ['abs(a)', 'y'])];
    const fetched = ['{"a":"1"}', 'text', 'text', '{"a":"1"}'].map(fetchedOf);
    await assert.rejects(extractValues(objects, fetched, engine, 'ns', never), {
      code: 'extract_failed',
      message: [
        `objects[0] "secret-0": jmesPath "x" ${nothing}`,
        'objects[2] "secret-2": the value is not JSON, which jmesPath needs; store JSON in it, or remove its jmesPath',
        'objects[3] "secret-3": jmesPath "abs(a)" calls abs() with type string as argument 1; it takes number',
        `objects[3] "secret-3": jmesPath "y" ${nothing}`,
      ].join('; '),
    });
  });

  it('returns an empty list for an object without jmesPath, whatever its value', async () => {
    assert.deepEqual(await extractValues([objectOf(0, [])], [fetchedOf('text')], unused, 'ns', never), [[]]);
  });

  it('tells the engine the owner and the signal, once for each object', async () => {
    const calls: unknown[] = [];
    const spy: ExpressionEngine = {
      evaluate: (_json, expressions, owner, signal) => {
        calls.push([expressions, owner, signal === never]);
        return Promise.resolve(expressions.map(() => ({ text: new Secret('x') })));
      },
    };
    await extractValues([objectOf(0, ['a', '[a]', '[b]'])], [fetchedOf('{"a":1}')], spy, 'team', never);
    assert.deepEqual(calls, [[['[a]', '[b]'], 'team', true]]);
  });

  it('lets others run while it reads many large values, and stops at its signal', async () => {
    const value = `{"a":[${'1,'.repeat(30_000)}1]}`;
    const objects = Array.from({ length: 200 }, (_, index) => objectOf(index, ['a[0]']));
    const stop = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => {
      stop.abort(reason);
    }, 20);
    const start = performance.now();
    const fetched = objects.map(() => fetchedOf(value));
    await assert.rejects(extractValues(objects, fetched, unused, 'ns', stop.signal), reason);
    assert.ok(performance.now() - start < 500);
  });
});
