import assert from 'node:assert/strict';
import { objectsBytes } from '../../../src/budgets.js';
import { PlainScalar, readYaml } from '../../../src/mount/request/yaml-list.js';

function value(text: string): unknown {
  const result = readYaml(text);
  assert.ok('value' in result, 'fault' in result ? result.fault : '');
  return result.value;
}

function fault(text: string): string {
  const result = readYaml(text);
  assert.ok('fault' in result, 'it was read');
  return result.fault;
}

const plain = (text: string) => new PlainScalar(text);

describe('readYaml', () => {
  it('keeps every scalar as text, and tells the unquoted ones apart', () => {
    assert.deepEqual(value('[017, "017", \'017\', yes, 1.10, 2020-01-01, !!str 017, !!int 017, !mine 017]'), [
      plain('017'),
      '017',
      '017',
      plain('yes'),
      plain('1.10'),
      plain('2020-01-01'),
      '017',
      plain('017'),
      '017',
    ]);
  });

  it('reads block scalars as quoted text', () => {
    assert.deepEqual(value('- |\n  a\n  b\n- >-\n  c\n  d\n'), ['a\nb\n', 'c d']);
  });

  it('reads ~, null and nothing as null, though not in quotes', () => {
    assert.deepEqual(value('- ~\n- null\n- Null\n-\n- "null"\n- "~"\n'), [null, null, null, null, 'null', '~']);
  });

  it('reads merge keys, the entry’s own keys first and earlier maps before later ones', () => {
    const text = '- &a {k: "a", l: "a"}\n- &b {l: "b", m: "b"}\n- {<<: [*a, *b], k: "own"}\n- {k: "own", <<: *a}\n';
    assert.deepEqual((value(text) as unknown[]).slice(2), [
      new Map([
        ['l', 'a'],
        ['m', 'b'],
        ['k', 'own'],
      ]),
      new Map([
        ['k', 'own'],
        ['l', 'a'],
      ]),
    ]);
  });

  it('lets the later of two equal keys win', () => {
    assert.deepEqual(value('{a: "1", a: "2"}'), new Map([['a', '2']]));
  });

  it('reads keys that mean something to JavaScript as any other', () => {
    const text = '{__proto__: "a", constructor: "b", toString: "c", ~: "d", 1: "e"}';
    assert.deepEqual(
      value(text),
      new Map([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['toString', 'c'],
        ['null', 'd'],
        ['1', 'e'],
      ]),
    );
  });

  it('reads JSON, tabs included', () => {
    assert.deepEqual(value('[\n\t{\n\t\t"objectName": "a\\u00e9"\n\t}\n]'), [new Map([['objectName', 'aé']])]);
  });

  for (const [title, text] of [
    ['a byte order mark', '\uFEFF- "a"'],
    ['a byte order mark before the marker of a document', '\uFEFF---\n- "a"'],
    ['carriage returns', '---\r\n- "a"\r\n'],
    ['comments and directives before the document', '# one\n\n%YAML 1.1\n# two\n---\n- "a"\n'],
    ['content on the line of the marker', '--- ["a"]'],
    ['an end marker', '- "a"\n...\n'],
    ['a second document', '- "a"\n---\n- "b"\n'],
    ['a second document after an end marker', '---\n- "a"\n...\n- "b"\n'],
    ['a second document that is no YAML', '- "a"\n---\n{[}"\u0007 *nobody\n'],
    ['a second document after a byte order mark', '- "a"\n\uFEFF---\n{[}'],
    ['a second document after a carriage return', '- "a"\r---\r{[}'],
  ] as const) {
    it(`reads the first document of a text with ${title}`, () => {
      assert.deepEqual(value(text), ['a']);
    });
  }

  it('takes dashes inside a line, or indented, for no marker', () => {
    assert.deepEqual(value('- "a --- b"\n- |\n  ---\n  x\n- a---\n'), ['a --- b', '---\nx\n', plain('a---')]);
    assert.deepEqual(value('- "a\u2028--- b"\n'), ['a\u2028--- b']);
  });

  for (const text of ['', '\n# nothing\n', '---\n', '\uFEFF', '...\n- a', '~']) {
    it(`reads ${JSON.stringify(text)} as nothing`, () => {
      assert.ok(value(text) === undefined || value(text) === null);
    });
  }

  for (const [text, message] of [
    ['- a\n b: c\n- d', /^is not valid YAML: .+ in line \d+, column \d+$/],
    ['- {a: b', /^is not valid YAML: .*flow collection.* in line 1, column/],
    ['- *nobody', /^is not valid YAML: unidentified alias "nobody" in line 1, column \d+$/],
    ['- [\tx\n-', /^is not valid YAML: /],
    ['- {[a]: b}', /a key must be text, not a list or a map/],
    ['- {<<: x}', /cannot merge mappings/],
    ['- !!set {a}', /unknown mapping tag !<tag:yaml.org,2002:set>/],
    ['- a\u0000b', /null byte is not allowed/],
    ['['.repeat(40), /nesting exceeded maxDepth/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))} with the place and the reason`, () => {
      assert.match(fault(text), message);
    });
  }

  it('shows neither control characters nor more than a little of a bad text', () => {
    const message = fault(`- *\u0007\u202e${'x'.repeat(100_000)}`);
    assert.ok(message.length < 300, String(message.length));
    assert.match(message, /\\x07/);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
  });

  it('refuses a text over the limit, counted in bytes', () => {
    assert.equal(
      fault(`- "${'é'.repeat(objectsBytes / 2)}"`),
      `is ${objectsBytes + 4} bytes long, more than ${objectsBytes}: split it over several SecretProviderClasses`,
    );
    assert.ok('value' in readYaml(`- "${'x'.repeat(objectsBytes - 4)}"`));
  });

  it('refuses aliases and merges beyond their limits', () => {
    assert.match(fault(`- &a x\n${'- *a\n'.repeat(10_001)}`), /aliases exceeded maxAliases/);
    const keys = Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join(', ');
    assert.match(fault(`- &a {${keys}}\n${'- {<<: *a}\n'.repeat(60)}`), /merge keys exceeded/);
  });
});
