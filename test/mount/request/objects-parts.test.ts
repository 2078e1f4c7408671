import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findingsShown, objectsEntries, outputFiles } from '../../../src/budgets.js';
import { parseObjects } from '../../../src/mount/request/objects.js';
import { cpuCostMs } from '../../support/cost.js';
import { parse, parseList, parseOne, refuses } from '../../support/requests.js';

const secret = (fields: string) => `- {objectType: secretsmanager, ${fields}}`;
const parameter = (fields: string) => `- {objectType: ssmparameter, ${fields}}`;

function refusesList(message: string | RegExp, objects: string, parameters: Record<string, string> = {}): void {
  refuses('invalid_objects', message, () => parse({ ...parameters, objects }));
}

describe('compatibility: jmesPath', () => {
  it('returns entries with path, alias after translation, and mode, which is the object’s by default', () => {
    const objects = secret(
      'objectName: a, filePermission: "0440", jmesPath: [{path: x.y, objectAlias: b/c}, {path: "z[0]", objectAlias: d, filePermission: "0400"}]',
    );
    assert.deepEqual(parseOne(objects).jmesPath, [
      { expression: 'x.y', path: 'b_c', mode: 0o440 },
      { expression: 'z[0]', path: 'd', mode: 0o400 },
    ]);
  });

  it('needs path and objectAlias in every entry, whose faults are told with its place', () => {
    refusesList(
      'objects[0] "a" jmesPath[0]: objectAlias is missing: give the file a name; objects[0] "a" jmesPath[1]: path is ' +
        'missing: give a JMESPath expression; objects[0] "a" jmesPath[2]: filePermission "9" must be four octal digits ' +
        'such as 0400',
      secret('objectName: a, jmesPath: [{path: x}, {objectAlias: u}, {path: x, objectAlias: z, filePermission: "9"}]'),
    );
  });

  it('refuses an expression that is no JMESPath, too long or too deep', () => {
    refusesList(
      /^objects\[0\] "a" jmesPath\[0\]: path "a\[" is not valid JMESPath/,
      secret('objectName: a, jmesPath: [{path: "a[", objectAlias: b}]'),
    );
    refusesList(
      /path "x{200}…" is 1025 bytes long; at most 1024/,
      secret(`objectName: a, jmesPath: [{path: ${'x'.repeat(1025)}, objectAlias: b}]`),
    );
    refusesList(
      /is nested deeper than 32 levels/,
      secret(`objectName: a, jmesPath: [{path: "${'['.repeat(40)}", objectAlias: b}]`),
    );
  });

  it('refuses more entries than a list may have', () => {
    const entries = Array.from({ length: objectsEntries + 1 }, (_, index) => `{path: a, objectAlias: f${index}}`);
    refusesList(
      /^objects\[0\] "a": jmesPath has 1001 entries, more than 1000$/,
      secret(`objectName: a, jmesPath: [${entries.join()}]`),
    );
  });
});

describe('compatibility: failoverObject', () => {
  const region = { failoverRegion: 'us-west-2' };

  it('returns name, version and label', () => {
    const objects = secret(
      'objectName: a, objectAlias: f, objectVersion: v, failoverObject: {objectName: b, objectVersion: v, objectVersionLabel: l}',
    );
    assert.deepEqual(parseOne(objects, region).failover, { name: 'b', version: 'v', versionLabel: 'l' });
  });

  it('returns an ARN, which must be of the object’s type', () => {
    const arn = (service: string, resource: string) => `arn:aws:${service}:us-west-2:1:${resource}`;
    const objects = (name: string) => secret(`objectName: a, objectAlias: f, failoverObject: {objectName: "${name}"}`);
    const good = arn('secretsmanager', 'secret:b');
    assert.equal(parseOne(objects(good), region).failover?.arn?.region, 'us-west-2');
    refusesList(
      'objects[0] "a": failoverObject: objectName is the ARN of a ssmparameter, but objectType says secretsmanager: make them agree',
      objects(arn('ssm', 'parameter/b')),
      region,
    );
    refusesList(/failoverObject: objectName "arn:aws:x" is not an ARN/, objects('arn:aws:x'), region);
  });

  it('counts as absent when it is an empty map, or one with nothing in it', () => {
    for (const value of ['{}', '{objectName: ""}', '{objectName: ~, objectVersion: , objectVersionLabel: null}']) {
      assert.equal(parseOne(secret(`objectName: a, failoverObject: ${value}`)).failover, undefined);
    }
  });

  it('with a name needs failoverRegion, an objectAlias, and the object’s own version', () => {
    const inNeither =
      'objectVersion of failoverObject must equal that of the object: give the same one in both, or in neither';
    refusesList(
      'objects[0] "a": failoverObject has an objectName, which needs the parameter failoverRegion: set it; ' +
        'objects[0] "a": failoverObject has an objectName, which needs an objectAlias on the object: its file has one name' +
        `; objects[0] "a": ${inNeither}`,
      secret('objectName: a, objectVersion: v, failoverObject: {objectName: b}'),
    );
    const version = (own: string, other: string) =>
      secret(
        `objectName: a, objectAlias: f, objectVersion: ${own}, failoverObject: {objectName: b, objectVersion: ${other}}`,
      );
    refusesList(`objects[0] "a": ${inNeither}`, version('v', 'w'), region);
    refusesList(`objects[0] "a": ${inNeither}`, version('', 'w'), region);
    assert.equal(parseOne(version('v', 'v'), region).failover?.version, 'v');
  });

  it('without a name needs none of these', () => {
    const objects = secret('objectName: a, objectVersion: v, failoverObject: {objectVersionLabel: l}');
    assert.deepEqual(parseOne(objects, region).failover, { versionLabel: 'l' });
    const request = parse({ objects });
    assert.deepEqual(request.objects[0]?.failover, { versionLabel: 'l' });
    assert.deepEqual(request.warnings, [
      'objects[0] "a": failoverObject means nothing without the parameter failoverRegion',
    ]);
  });

  it('is refused for a parameter with a selector in the name, or version and label', () => {
    refusesList(
      /failoverObject: objectName "b:3" holds a selector, which belongs in objectVersion/,
      parameter('objectName: a, objectAlias: f, failoverObject: {objectName: "b:3"}'),
      region,
    );
    refusesList(
      'objects[0] "a": failoverObject: a parameter takes objectVersion or objectVersionLabel, not both',
      parameter('objectName: a, failoverObject: {objectVersion: 1, objectVersionLabel: l}'),
      region,
    );
  });
});

describe('directories of a list', () => {
  const list = (entries: number, folders: string) => ({
    pathTranslation: 'False',
    objects: Array.from({ length: entries }, (_, index) =>
      secret(`objectName: s, objectAlias: "${index}/${folders}f"`),
    ).join('\n'),
  });

  it('are counted before any call, when the provider would have to make them', () => {
    assert.equal(parse(list(1000, 'x/')).objects.length, 1000);
    refuses(
      'invalid_objects',
      'objects asks for more than 2000 directories: use fewer "/" in names and aliases, or split it over several ' +
        'SecretProviderClasses',
      () => parse(list(667, 'x/y/')),
    );
    assert.equal(parse({ ...list(1000, 'x/y/'), pathTranslation: '_' }).objects.length, 1000);
  });

  it('are left to the driver when it makes them', () => {
    assert.equal(parse(list(1000, 'x/y/'), true).objects.length, 1000);
  });
});

describe('compatibility: two outputs of one path', () => {
  const off = { pathTranslation: 'False' };

  it('are refused, both named, across types and jmesPath entries', () => {
    refuses(
      'path_conflict',
      'objects[0] "s" and objects[1] "p" both write the file "s": give one of them another objectAlias; ' +
        'objects[0] "s" and objects[2] "t" jmesPath[1] both write the file "s": give one of them another objectAlias',
      () =>
        parse({
          objects: `${secret('objectName: s')}\n${parameter('objectName: p, objectAlias: s')}\n${secret(
            'objectName: t, jmesPath: [{path: a, objectAlias: b}, {path: a, objectAlias: s}]',
          )}`,
        }),
    );
  });

  it('are refused when translation makes them so', () => {
    refuses('path_conflict', /both write the file "a_b"/, () =>
      parse({ objects: `${secret('objectName: a/b')}\n${secret('objectName: a_b')}` }),
    );
    refuses('path_conflict', /both write the file "p"/, () =>
      parse({ ...off, objects: `${parameter('objectName: p')}\n${parameter('objectName: /p')}` }),
    );
  });

  it('are refused when one is a file where the other needs a directory', () => {
    refuses(
      'path_conflict',
      'objects[1] "t" writes the file "a", where objects[0] "s" needs a directory for "a/b": give one of them another objectAlias',
      () =>
        parse({
          ...off,
          objects: `${secret('objectName: s, objectAlias: a/b')}\n${secret('objectName: t, objectAlias: a')}`,
        }),
    );
  });

  it('are told with the other faults of a list, as faults of the list', () => {
    refusesList(
      /^objects\[2\]: objectName is missing.*; objects\[0\] "s" and objects\[1\] "s" both write the file "s"/,
      `${secret('objectName: s')}\n${secret('objectName: s')}\n${secret('objectAlias: t')}`,
    );
  });

  it('are allowed once: a jmesPath entry on the un-aliased file of its own object hides the whole value, with a warning', () => {
    const request = parse({ objects: secret('objectName: a/b, jmesPath: [{path: x, objectAlias: a_b}]') });
    assert.equal(request.objects[0]?.hiddenByJmesPath, true);
    assert.deepEqual(request.warnings, [
      'objects[0] "a/b": a jmesPath entry writes the file "a_b" in the place of the whole value, which is not mounted; ' +
        'give the object an objectAlias of its own to have both',
    ]);
    assert.equal(parseOne(secret('objectName: a, jmesPath: [{path: x, objectAlias: b}]')).hiddenByJmesPath, false);
  });

  it('are refused when the file has an alias, when two entries land there, or that of another object', () => {
    for (const objects of [
      secret('objectName: a, objectAlias: b, jmesPath: [{path: x, objectAlias: b}]'),
      secret('objectName: a, objectAlias: a, jmesPath: [{path: x, objectAlias: a}]'),
      secret('objectName: a, jmesPath: [{path: x, objectAlias: a}, {path: y, objectAlias: a}]'),
      `${secret('objectName: a')}\n${secret('objectName: c, jmesPath: [{path: x, objectAlias: a}]')}`,
    ]) {
      refuses('path_conflict', /both write the file/, () => parse({ objects }));
    }
  });
});

describe('all faults of a list', () => {
  it('are told together in its order, at most twenty with a count of the others', () => {
    const list = Array.from({ length: 50 }, (_, index) => secret(`objectName: s${index}, filePermission: "9"`)).join(
      '\n',
    );
    refusesList(/^objects\[0\] "s0": .*; objects\[19\] "s19": [^;]*; and 30 more$/, list);
    assert.equal(findingsShown, 20);
  });

  it('make a bounded message, and as bounded warnings', () => {
    const long = (letter: string) => `"${letter.repeat(300)}"`;
    const list = Array.from({ length: 500 }, (_, index) =>
      secret(`objectName: ${long('\\e')}, filePermission: ${long('é')}, k${index}: v`),
    );
    const result = parseObjects(list.join('\n'), {
      pathTranslation: '_',
      driverWrites: false,
      mode: 0o644,
      hasFailoverRegion: false,
    });
    assert.ok((result.error?.message.length ?? 0) < 10_000);
    assert.ok(result.warnings.length <= findingsShown + 1);
    assert.ok(result.warnings.join('').length < 10_000);
  });

  it('end at the number of files that a mount may have, however aliases repeat them', () => {
    const entries = Array.from({ length: 500 }, (_, index) => `{path: a, objectAlias: f${index}}`).join();
    const list = `- {objectName: a, objectType: secretsmanager, jmesPath: &all [${entries}]}\n${secret('objectName: b, jmesPath: *all').concat('\n').repeat(900)}`;
    refusesList(new RegExp(`^objects asks for more than ${outputFiles} files: split it over several`), list);
  });
});

describe('a hostile list', () => {
  const repeat = (text: string, bytes = 256 * 1024) => text.repeat(Math.floor(bytes / Buffer.byteLength(text)));
  const laughs = `- &a0 [${'lol,'.repeat(9)}]\n${Array.from({ length: 30 }, (_, level) => `- &a${level + 1} [${`*a${level},`.repeat(9)}]`).join('\n')}`;
  const shapes: Readonly<Record<string, string>> = {
    'a billion laughs': laughs,
    'a billion laughs in a name': `${laughs}\n- {objectName: *a30, objectType: secretsmanager}`,
    'a list in itself':
      '- &a {objectName: x, objectType: secretsmanager, jmesPath: [*a], failoverObject: *a}\n- &b [*b]',
    'a long name by many aliases': `- {objectName: &n "${'x/'.repeat(2000)}x", objectType: secretsmanager}\n${repeat('- {objectName: *n, objectType: ssmparameter}\n', 40_000)}`,
    'many fields by many aliases': `- &a {${Array.from({ length: 20_000 }, (_, index) => `objectNam${index}: 1`).join(', ')}}\n${'- *a\n'.repeat(900)}`,
    'many merges': `- &a {${Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join(', ')}}\n${'- {<<: [*a, *a]}\n'.repeat(900)}`,
    'open lists': repeat('['),
    'open maps': repeat('{a: '),
    'open pairs': repeat('? '),
    dashes: repeat('- '),
    'empty entries': repeat('-\n'),
    'pairs in a list': `[${repeat('a: b, ', 260_000)}]`,
    anchors: repeat('- &a x\n'),
    tags: repeat('!!str '),
    'anchors and tags by line': repeat('&a\n!!b\n'),
    documents: repeat('--- x\n'),
    'documents with marks': repeat('\uFEFF---\n'),
    directives: repeat('%FOO\n'),
    'marks in a block': `|\n${repeat(' \uFEFF\n', 260_000)}`,
    'lines of a scalar': repeat(' x\n'),
    escapes: `"${repeat('\\n', 260_000)}"`,
    quotes: repeat("''"),
    'a literal block': `- |\n${repeat('  x\n', 260_000)}`,
    comments: repeat('#\n'),
    tabs: repeat('\t'),
    'carriage returns': repeat('\r'),
    'a key that is long': `? ${repeat('a', 260_000)}`,
    colons: repeat('a:b:c '),
    'deep paths': Array.from({ length: 60 }, (_, index) => secret(`objectName: "${index}/${'x/'.repeat(2000)}x"`)).join(
      '\n',
    ),
    'long expressions': Array.from({ length: 240 }, (_, index) =>
      secret(`objectName: n${index}, jmesPath: [{path: "${'[a,b]|'.repeat(140)}a${index}", objectAlias: p${index}}]`),
    ).join('\n'),
  };

  for (const [title, text] of Object.entries(shapes)) {
    it(`costs little: ${title}`, () => {
      for (const driverWrites of [true, false]) {
        const pathTranslation = driverWrites ? '_' : undefined;
        const options = { pathTranslation, driverWrites, mode: 0o644, hasFailoverRegion: true };
        const costMs = cpuCostMs(200, () => {
          const { error } = parseObjects(text, options);
          assert.ok((error?.message.length ?? 0) < 10_000);
        });
        assert.ok(costMs < 200, `costs ${costMs} ms`);
      }
    });
  }

  it('throws nothing, whatever its text', () => {
    const piece = fc.constantFrom(
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      ', ',
      '\n',
      '  ',
      '&a ',
      '*a',
      '"',
      "'",
      '|',
      '>',
      '!!str ',
      '<<: ',
      '---\n',
      '#',
      '\uFEFF',
      '\0',
      '~',
      'objectName',
      'objectType',
      'secretsmanager',
      'jmesPath',
      'path',
      'objectAlias',
      '\ud800',
      '%',
      '? ',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.json(),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('_', undefined), (objects, pathTranslation) => {
        const result = parseObjects(objects, {
          pathTranslation,
          driverWrites: false,
          mode: 0,
          hasFailoverRegion: false,
        });
        assert.ok(result.error !== undefined || result.objects.length > 0);
      }),
      { numRuns: 5000 },
    );
  });

  it('of good form may be as long as the limits allow', () => {
    const list = Array.from({ length: 1000 }, (_, index) =>
      secret(
        `objectName: n${index}, jmesPath: [${Array.from({ length: 4 }, (_, part) => `{path: a, objectAlias: f${index}.${part}}`).join()}]`,
      ),
    ).join('\n');
    assert.equal(parseList(list).length, 1000);
  });
});
