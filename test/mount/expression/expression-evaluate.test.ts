/** What expressions give: the specification's rules, the digits of the document, and bounded work. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import jmespath from 'jmespath';
import { parseJson, writeJson } from '../../../src/mount/expression/exact-json.js';
import { parseExpression } from '../../../src/mount/expression/expression.js';
import { evaluate } from '../../../src/mount/expression/expression-evaluate.js';
import { Work } from '../../../src/mount/expression/expression-work.js';

function run(expression: string, document: string, work = new Work(1_000_000)): string {
  return writeJson(evaluate(parseExpression(expression), parseJson(document), work), 1_000_000);
}

const people = JSON.stringify({
  people: [
    { name: 'b', age: 30, tags: ['x', 'y'] },
    { name: 'a', age: 5, tags: [] },
    { name: 'c', age: 200, tags: ['z'], extra: { k: null } },
  ],
  empty: {},
  text: 'añ😀',
  no: false,
  nothing: null,
});

describe('evaluate', () => {
  const table: readonly (readonly [string, string])[] = [
    ['people[0].name', '"b"'],
    ['people[-1].name', '"c"'],
    ['people[9]', 'null'],
    ['people.name', 'null'],
    ['people.length', 'null'],
    ['text.length', 'null'],
    ['people[*].name', '["b","a","c"]'],
    ['people[*].extra', '[{"k":null}]'],
    ['people[].tags[]', '["x","y","z"]'],
    ['people[].tags', '[["x","y"],[],["z"]]'],
    ['people[1:].name', '["a","c"]'],
    ['people[::-1].name', '["c","a","b"]'],
    ['people[-2:-1].name', '["a"]'],
    ['people[5:1:-1].name', '["c"]'],
    ['text[0:1]', 'null'],
    ['people[0].*', '["b",30,["x","y"]]'],
    ['people[?age > `5`].name', '["b","c"]'],
    ['people[?age >= `5` && age < `2e2`].name', '["b","a"]'],
    ["people[?name <= 'b']", '[]'],
    ["people[?name == 'a'].age | [0]", '5'],
    ['people[?tags].name', '["b","c"]'],
    ['people[?!tags].name', '["a"]'],
    ['people[*].{n: name, "2": age}', '[{"n":"b","2":30},{"n":"a","2":5},{"n":"c","2":200}]'],
    ['people[*].[name, missing]', '[["b",null],["a",null],["c",null]]'],
    ["missing || no || empty || nothing || 'last'", '"last"'],
    ['nothing.{a: a}', 'null'],
    ['nothing.[a]', 'null'],
    ['no && text', 'false'],
    ['text && no', 'false'],
    ['`0` && text', '"añ😀"'],
    ['!nothing', 'true'],
    ['[nothing == missing, empty == `{}`, no != `true`]', '[true,true,true]'],
    ['`{"a":[1,{"b":2}]}` == `{"a":[1.0,{"b":2}]}`', 'true'],
    ['abs(`-1.5`)', '1.5'],
    ['avg(people[*].age)', '78.33333333333333'],
    ['avg(`[]`)', 'null'],
    ['ceil(`1.2`)', '2'],
    ["contains(text, 'ñ')", 'true'],
    ['contains(text, `1`)', 'false'],
    ["contains(people[0].tags, 'y')", 'true'],
    ['contains(`[[1],{"a":1}]`, `{"a":1.0}`)', 'true'],
    ["ends_with(text, '😀')", 'true'],
    ["starts_with('aa', 'a')", 'true'],
    ['floor(`-1.2`)', '-2'],
    ["join(', ', people[*].name)", '"b, a, c"'],
    ['keys(people[0])', '["name","age","tags"]'],
    ['length(text)', '3'],
    ['length(people)', '3'],
    ['length(people[2])', '4'],
    ['map(&age, people)', '[30,5,200]'],
    ['max(people[*].age)', '200'],
    ['max(people[*].name)', '"c"'],
    ['max(`[]`)', 'null'],
    ['max_by(people, &age).name', '"c"'],
    ['min_by(people, &name).name', '"a"'],
    ['max_by(`[]`, &a)', 'null'],
    ['merge(people[0], `{"age":1,"z":2}`)', '{"name":"b","age":1,"tags":["x","y"],"z":2}'],
    ['min(people[*].age)', '5'],
    ['not_null(missing, nothing, text)', '"añ😀"'],
    ['not_null(missing)', 'null'],
    ['reverse(text)', '"😀ña"'],
    ['reverse(people[*].age)', '[200,5,30]'],
    ['sort(people[*].age)', '[5,30,200]'],
    ['sort(people[*].name)', '["a","b","c"]'],
    ['sort_by(people, &age)[*].name', '["a","b","c"]'],
    ['sum(people[*].age)', '235'],
    ['to_array(text)', '["añ😀"]'],
    ["to_number('1.50')", '1.50'],
    ["to_number('x')", 'null'],
    ["to_number('')", 'null'],
    ["to_number('0x10')", 'null'],
    ['to_string(people[1])', '"{\\"name\\":\\"a\\",\\"age\\":5,\\"tags\\":[]}"'],
    ['to_string(text)', '"añ😀"'],
    [
      '[type(text), type(no), type(nothing), type(empty), type(people), type(`1`), type(&a)]',
      '["string","boolean","null","object","array","number","expref"]',
    ],
    ['values(people[1])', '["a",5,[]]'],
  ];
  for (const [expression, result] of table) {
    it(`gives ${result.slice(0, 40)} for ${expression}`, () => {
      assert.equal(run(expression, people), result);
    });
  }

  const digits = '{"a":1.10,"b":12345678901234567890,"c":1e3,"d":[2.50,10.0,1E1],"e":"12345678901234567891"}';
  const exact: readonly (readonly [string, string])[] = [
    ['[a, b, c]', '[1.10,12345678901234567890,1e3]'],
    ['{x: a, y: d[*]}', '{"x":1.10,"y":[2.50,10.0,1E1]}'],
    ['a || c', '1.10'],
    ['to_string(b)', '"12345678901234567890"'],
    ['to_string(@)', JSON.stringify(digits)],
    ['to_number(e)', '12345678901234567891'],
    ['b == `1`', 'false'],
    ['a == `1.1`', 'true'],
    ['c == `1000`', 'true'],
    ['contains(d, `10`)', 'true'],
    ['to_number(e) > b', 'true'],
    ['to_number(e) == b', 'false'],
    ["b == to_number('12345678901234567890.0')", 'true'],
    ['max(d)', '10.0'],
    ['min(d)', '2.50'],
    ['sort(d)', '[2.50,10.0,1E1]'],
    ['sum([a, `9007199254740992`])', '9007199254740993.1'],
    ['sum([a, a])', '2.2'],
    ['abs(a)', '1.10'],
    ['floor(a)', '1'],
    ['type(a)', '"number"'],
    ['not_null(missing, b)', '12345678901234567890'],
    ['values({x: a})', '[1.10]'],
    ['max_by([{v: a}, {v: b}], &v)', '{"v":12345678901234567890}'],
  ];
  for (const [expression, result] of exact) {
    it(`keeps the digits in ${expression}`, () => {
      assert.equal(run(expression, digits), result);
    });
  }

  for (const expression of ['sum([b, `1`])', 'avg([b])', 'abs(b)', 'ceil(b)', 'floor(to_number(e))']) {
    it(`refuses ${expression}, which would round a number`, () => {
      const message = 'would round a number: arithmetic keeps about 15 digits; select the number itself';
      assert.throws(() => run(expression, digits), { name: 'ExpressionFailure', message });
    });
  }

  const inherited = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf', 'size', 'get', 'length'];
  for (const name of inherited) {
    it(`finds ${name} only where it is a key`, () => {
      for (const document of ['{"a":{}}', '{"a":[]}', '{"a":"x"}', '{"a":1.10}']) {
        assert.equal(run(`a."${name}"`, document), 'null');
        assert.equal(run(`[a][?"${name}"]`, document), '[]');
      }
      const own = `{"a":{"${name}":{"x":1}}}`;
      assert.equal(run(`a."${name}".x`, own), '1');
      assert.equal(run('a', own), `{"${name}":{"x":1}}`);
      assert.equal(run(`merge(a, {"${name}": \`2\`})`, own), `{"${name}":2}`);
      assert.equal(run(`[a == \`{"${name}":{"x":1}}\`, !a, keys(a)]`, own), `[true,false,["${name}"]]`);
    });
  }

  const wrong: readonly (readonly [string, string])[] = [
    ['abs(text)', 'calls abs() with type string as argument 1; it takes number'],
    ["join(',', people)", 'calls join() with type array as argument 2; it takes array of strings'],
    ['sort([text, `1`])', 'calls sort() with type array as argument 1; it takes array of numbers or array of strings'],
    ['merge(empty, text)', 'calls merge() with type string as argument 2; it takes object'],
    ['map(text, people)', 'calls map() with type string as argument 1; it takes expression'],
    ['keys(missing)', 'calls keys() with type null as argument 1; it takes object'],
    ['not_null(missing, &a)', 'has "&" where a value is needed'],
    ['to_array(&a)', 'has "&" where a value is needed'],
    ['&a', 'has "&" where a value is needed'],
    ['sort_by(people, &tags)', 'calls sort_by() with keys that are neither all numbers nor all strings'],
    ['max_by(people, &extra)', 'calls max_by() with keys that are neither all numbers nor all strings'],
  ];
  for (const [expression, message] of wrong) {
    it(`refuses ${expression}`, () => {
      assert.throws(() => run(expression, people), { name: 'ExpressionFailure', message });
    });
  }

  const numbers = JSON.stringify({ n: Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 10_007) });
  const hostile = [
    '[@,@][]|'.repeat(25) + '@',
    '[n,n,n,n,n,n,n,n][]|'.replaceAll('n', '@').repeat(20) + '@',
    'n[*].[@,@,@,@,@,@][]|[*].[@,@,@,@,@,@][]|[*].[@,@,@,@,@,@][]|length(@)',
    'to_string(@)|' + 'join(@,[@,@,@])|'.repeat(20) + '@',
    'to_string([@,@])|'.repeat(25) + '@',
    'to_string(@)|' + 'reverse(@)|'.repeat(25) + 'length(@)',
    '[@,@]|'.repeat(25) + 'to_string(@)',
    'map(&sort(@), [n,n,n,n,n,n,n,n,n,n,n,n])|length(@)',
    '[n,n]|[@[0],@[1],@[0],@[1]]|[@,@,@,@,@,@,@,@][]|[@,@,@,@,@,@,@,@][]|map(&sort_by(@,&to_string(@)),@)|length(@)',
    'map(&contains([n,n], @), [n,n,n][])|length(@)'.replaceAll('[n,n]', '@.x').replace('@.x', '`[1]`'),
    '{a: n, b: n}|'.replaceAll('n', '@').repeat(20) + '@ == @ | [@]',
  ];
  for (const expression of hostile) {
    it(`ends ${expression.slice(0, 60)}... early`, () => {
      const start = performance.now();
      try {
        run(expression, numbers);
      } catch (error) {
        assert.match(
          String(error),
          /^ExpressionFailure: (takes too much work; simplify it|gives more than \d+ bytes|calls )/,
        );
      }
      assert.ok(performance.now() - start < 2000);
    });
  }

  it('agrees with the jmespath library where that follows the specification', () => {
    const steps = fc.constantFrom(
      '.a',
      '.b',
      '[0]',
      '[-1]',
      '[*]',
      '[]',
      '.*',
      '[?a]',
      '[?a==`1`]',
      '[1:]',
      ' | @',
      ' || `1`',
      ' && b',
      '.[a,b]',
      '.{x:a}',
      '[::-2]',
    );
    const document = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom(0, 1, '', 'x', true, false, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.record({ a: tie('value'), b: tie('value') }, { requiredKeys: [] }),
      ),
    })).value;
    fc.assert(
      fc.property(document, fc.array(steps, { minLength: 1, maxLength: 5 }), (value, path) => {
        const expression = `@${path.join('')}`;
        const expected: unknown = jmespath.search(JSON.parse(JSON.stringify(value)), expression);
        assert.equal(run(expression, JSON.stringify(value)), JSON.stringify(expected));
      }),
      { numRuns: 2000 },
    );
  });
});
