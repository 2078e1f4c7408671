import assert from 'node:assert/strict';
import { parse, parseList, parseOne, refuses } from '../../support/requests.js';

const secret = (fields: string) => `- {objectType: secretsmanager, ${fields}}`;
const parameter = (fields: string) => `- {objectType: ssmparameter, ${fields}}`;
const secretArn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db-AbCdEf';
const parameterArn = 'arn:aws:ssm:us-east-1:111122223333:parameter/a/b';

function refusesList(message: string | RegExp, objects: string, parameters: Record<string, string> = {}): void {
  refuses('invalid_objects', message, () => parse({ ...parameters, objects }));
}

describe('compatibility: the parameter objects', () => {
  const remedy =
    'write a YAML list, one entry for each secret or parameter, such as "- objectName: my-secret" with ' +
    '"objectType: secretsmanager" on the line below it';
  for (const [text, message] of [
    ['', `objects is empty: ${remedy}`],
    ['\n# todo\n', `objects is empty: ${remedy}`],
    ['null', `objects is empty: ${remedy}`],
    ['[]', `objects is an empty list: ${remedy}`],
    ['my-secret', `objects must be a list, not text: ${remedy}`],
    ['objectName: a', `objects must be a list, not a map: ${remedy}`],
    ['- a: b\n c', /^objects is not valid YAML: .* in line \d+, column \d+$/],
  ] as const) {
    it(`is refused, with what to write, when it is ${JSON.stringify(text)}`, () => {
      refusesList(message, text);
    });
  }

  it('may hold 1,000 entries, not more', () => {
    const list = (entries: number) =>
      Array.from({ length: entries }, (_, index) => secret(`objectName: s${index}`)).join('\n');
    assert.equal(parseList(list(1000)).length, 1000);
    refusesList('objects has 1001 entries, more than 1000: split it over several SecretProviderClasses', list(1001));
  });

  it('refuses entries that are no maps, by their kind and without printing them', () => {
    refusesList(
      'objects[0]: must be a map with objectName, not text; objects[1]: must be a map with objectName, not a list; ' +
        'objects[2]: must be a map with objectName, not nothing',
      '- canary\n- [canary]\n-\n',
    );
  });
});

describe('compatibility: keys of the list', () => {
  it('match in any case', () => {
    const object = parseOne(
      '- {OBJECTNAME: a, objecttype: secretsmanager, ObjectAlias: b, JMESPATH: [{PATH: x, OBJECTALIAS: c}]}',
    );
    assert.deepEqual([object.path, object.jmesPath[0]?.path], ['b', 'c']);
  });

  it('are refused in two spellings', () => {
    refusesList(
      'objects[0] "a": has objectAlias twice, as "objectAlias" and as "objectalias": keep one',
      secret('objectName: a, objectAlias: b, objectalias: c'),
    );
  });

  it('may be equal: the later wins', () => {
    assert.equal(parseOne(secret('objectName: a, objectAlias: b, objectAlias: c')).path, 'c');
  });

  it('may come by merge keys, anchors and after a byte order mark; a second document is ignored', () => {
    const list =
      '\uFEFF- &first {objectName: a, objectType: secretsmanager, filePermission: "0400"}\n' +
      '- {<<: *first, objectName: b}\n---\nnot: [a list\n';
    assert.deepEqual(
      parseList(list).map(({ name, mode }) => [name, mode]),
      [
        ['a', 0o400],
        ['b', 0o400],
      ],
    );
  });

  it('that are unknown are named in a warning with the nearest known one', () => {
    const { warnings } = parse({ objects: secret('objectName: a, objctAlias: b, colour: red') });
    assert.equal(
      warnings[0],
      'objects[0] "a": the field "objctAlias" is unknown and ignored; did you mean objectAlias?',
    );
    assert.match(
      warnings[1] ?? '',
      /^objects\[0\] "a": the field "colour" is unknown and ignored; known are objectName,/,
    );
  });

  it('that are unknown inside jmesPath and failoverObject are named too', () => {
    const objects = secret(
      'objectName: a, jmesPath: [{path: x, objectAlias: u, pth: z}], failoverObject: {objectAlias: q}',
    );
    assert.deepEqual(
      parse({ objects }).warnings.map((warning) => warning.slice(0, 60)),
      [
        'objects[0] "a": failoverObject: the field "objectAlias" is u',
        'objects[0] "a" jmesPath[0]: the field "pth" is unknown and i',
      ],
    );
  });
});

describe('compatibility: every field is text', () => {
  it('as it is written, with a warning where YAML 1.1 would have changed it', () => {
    const request = parse({
      objects:
        '- {objectName: 0123, objectType: ssmparameter, objectVersion: 3}\n' +
        '- {objectName: yes, objectType: secretsmanager, filePermission: 0400, objectVersionLabel: 1.10}\n' +
        '- {objectName: "017", objectType: secretsmanager, objectAlias: 2020-01-01}\n',
    });
    assert.deepEqual(
      request.objects.map(({ name, path, mode, version, versionLabel }) => [name, path, mode, version, versionLabel]),
      [
        ['0123', '0123', 0o644, '3', undefined],
        ['yes', 'yes', 0o400, undefined, '1.10'],
        ['017', '2020-01-01', 0o644, undefined, undefined],
      ],
    );
    const changed = (place: string, field: string, written: string, read: string) =>
      `${place}: ${field} counts as it is written, "${written}", where AWS's own provider took the unquoted text for ` +
      `"${read}": write it in quotes to be plain`;
    assert.deepEqual(request.warnings, [
      changed('objects[0] "0123"', 'objectName', '0123', '83'),
      changed('objects[1] "yes"', 'objectName', 'yes', 'true'),
      changed('objects[1] "yes"', 'objectVersionLabel', '1.10', '1.1'),
      changed('objects[1] "yes"', 'filePermission', '0400', '256'),
    ]);
  });

  it('absent when ~, null, nothing or empty', () => {
    for (const nothing of ['~', 'null', '', '""', "''", '!!str', '!!null null']) {
      const fields = [
        'objectAlias',
        'objectVersion',
        'objectVersionLabel',
        'filePermission',
        'jmesPath',
        'failoverObject',
      ];
      const object = parseOne(
        `- objectName: a\n  objectType: secretsmanager\n${fields.map((field) => `  ${field}: ${nothing}\n`).join('')}`,
      );
      assert.deepEqual(object, {
        index: 0,
        type: 'secretsmanager',
        name: 'a',
        path: 'a',
        hiddenByJmesPath: false,
        mode: 0o644,
        jmesPath: [],
      });
      refusesList(/^objects\[0\]: objectName is missing/, `- objectName: ${nothing}\n  objectType: secretsmanager\n`);
      assert.equal(parseOne(`- objectName: ${secretArn}\n  objectType: ${nothing}\n`).type, 'secretsmanager');
    }
  });

  it('refused by its kind, and never printed, when it is a list or a map', () => {
    refusesList(
      'objects[0]: objectName must be text, not a list; objects[0]: objectAlias must be text, not a map; ' +
        'objects[0]: jmesPath must be a list of maps with path and objectAlias, not text; ' +
        'objects[1] "b": failoverObject must be a map with objectName, objectVersion, objectVersionLabel, not a list; ' +
        'objects[1] "b" jmesPath[0]: must be a map with path and objectAlias, not text',
      `${secret('objectName: [canary], objectAlias: {canary: x}, jmesPath: canary')}\n` +
        secret('objectName: b, jmesPath: [canary], failoverObject: [canary]'),
    );
  });

  it('refused when it is longer than any name can be', () => {
    refusesList(/objectName has 4097 characters, more than 4096$/, secret(`objectName: ${'x'.repeat(4097)}`));
  });

  it('cut at 200 characters, with its control characters escaped, where a message quotes it', () => {
    refusesList(
      /^objects\[0\] "\\x1b\[2Jx{196}…": objectType "y{200}…" must be secretsmanager or ssmparameter$/,
      `- {objectName: "\\e[2J${'x'.repeat(240)}", objectAlias: a, objectType: ${'y'.repeat(300)}}`,
    );
  });
});

describe('compatibility: objectName and objectType', () => {
  it('may be a name with a type, or an ARN with none', () => {
    const objects = parseList(
      `${secret('objectName: shop/db')}\n${parameter('objectName: /a/b')}\n- objectName: ${secretArn}\n- objectName: ${parameterArn}\n`,
    );
    assert.deepEqual(
      objects.map(({ type, name, arn, index }) => [index, type, name, arn?.resource]),
      [
        [0, 'secretsmanager', 'shop/db', undefined],
        [1, 'ssmparameter', '/a/b', undefined],
        [2, 'secretsmanager', secretArn, 'secret:shop/db-AbCdEf'],
        [3, 'ssmparameter', parameterArn, 'parameter/a/b'],
      ],
    );
  });

  for (const [title, fields, message] of [
    [
      'no name',
      'objectType: secretsmanager',
      'objects[0]: objectName is missing: give the name or ARN of a secret or parameter',
    ],
    [
      'no type',
      'objectName: a',
      'objects[0] "a": objectType is missing: write secretsmanager or ssmparameter (only an ARN tells it by itself)',
    ],
    [
      'a type in the wrong case',
      'objectName: a, objectType: SecretsManager',
      'objects[0] "a": objectType "SecretsManager" must be secretsmanager or ssmparameter; did you mean secretsmanager?',
    ],
    [
      'an unknown type',
      'objectName: a, objectType: s3',
      'objects[0] "a": objectType "s3" must be secretsmanager or ssmparameter',
    ],
    [
      'a type that the ARN contradicts',
      `objectName: "${secretArn}", objectType: ssmparameter`,
      `objects[0] "${secretArn}": objectName is the ARN of a secretsmanager, but objectType says ssmparameter: make them agree`,
    ],
    [
      'a bad ARN',
      'objectName: "arn:aws:x"',
      /^objects\[0\] "arn:aws:x": objectName "arn:aws:x" is not an ARN of the form arn:/,
    ],
    [
      'an ARN of another service',
      'objectName: "arn:aws:s3:us-east-1:1:secret:x"',
      /objectName "arn:aws:s3:us-east-1:1:secret:x" is an ARN of the service "s3"/,
    ],
    [
      'an ARN of another service that has no region',
      'objectName: "arn:aws:s3:::bucket"',
      /objectName "arn:aws:s3:::bucket" is an ARN of the service "s3"/,
    ],
  ] as const) {
    it(`are refused with ${title}`, () => {
      refusesList(message, `- {${fields}}`);
    });
  }

  for (const [name, remedy] of [
    ['foo:3', 'write "foo", and objectVersion: "3" beside it'],
    ['/foo/bar:prod', 'write "/foo/bar", and objectVersionLabel: "prod" beside it'],
    [`${parameterArn}:3`, `write "${parameterArn}", and objectVersion: "3" beside it`],
    [`${parameterArn}:prod`, `write "${parameterArn}", and objectVersionLabel: "prod" beside it`],
  ] as const) {
    it(`are refused with a selector in the name of a parameter: ${name}`, () => {
      refusesList(
        `objects[0] "${name}": objectName "${name}" holds a selector, which belongs in objectVersion or ` +
          `objectVersionLabel: ${remedy}`,
        parameter(`objectName: "${name}"`),
      );
    });
  }

  it('may hold a colon in a secret’s name, which is AWS’s to judge', () => {
    assert.equal(parseOne(secret('objectName: "foo:3"')).name, 'foo:3');
  });
});

describe('compatibility: objectAlias', () => {
  it('is the file name, quotes in it included, and objectName the default', () => {
    assert.equal(parseOne(secret('objectName: a/b, objectAlias: c/d')).path, 'c_d');
    assert.equal(parseOne(secret(`objectName: a, objectAlias: '"quoted"'`)).path, '"quoted"');
    assert.equal(parseOne(secret('objectName: a/b')).path, 'a_b');
    assert.equal(parseOne(`- objectName: ${parameterArn}`).path, parameterArn.replaceAll('/', '_'));
  });

  it('makes directories when translation is off, leading slashes stripped', () => {
    assert.equal(parseOne(parameter('objectName: //a/b'), { pathTranslation: 'False' }).path, 'a/b');
  });

  it('may hold control characters, with a warning, as AWS takes them', () => {
    const { objects, warnings } = parse({
      objects: [
        '- objectName: a\n  objectType: secretsmanager\n  objectAlias: |\n    one\n',
        '  jmesPath: [{path: x, objectAlias: "a\\tb"}]\n',
      ].join(''),
    });
    assert.deepEqual([objects[0]?.path, objects[0]?.jmesPath[0]?.path], ['one\n', 'a\tb']);
    assert.deepEqual(warnings, [
      'objects[0] "a": objectAlias "one\\x0a" makes the file path "one\\x0a", which ends with a line feed; write "|-" ' +
        'or ">-" instead of "|" or ">" to leave it out',
      'objects[0] "a" jmesPath[0]: objectAlias "a\\x09b" makes the file path "a\\x09b", which holds a control character',
    ]);
  });

  it('is refused after translation, like a name and a jmesPath alias, for what a path may not be', () => {
    assert.equal(parseOne(secret('objectName: a, objectAlias: ../x')).path, '.._x');
    refusesList(
      'objects[0] "a": objectAlias "../x" makes the file path "../x", which has "." or ".." as an element; ' +
        'objects[1] "b//c": objectName "b//c" makes the file path "b//c", which has an empty element: no slash at the ' +
        'end, and no two in a row; give the object an objectAlias; objects[2] "c" jmesPath[0]: objectAlias "/" makes ' +
        'the file path "", which is empty',
      `${secret('objectName: a, objectAlias: ../x')}\n${secret('objectName: b//c')}\n` +
        secret('objectName: c, jmesPath: [{path: x, objectAlias: /}]'),
      { pathTranslation: 'False' },
    );
  });

  it('may begin with .. unless the driver writes', () => {
    const objects = secret('objectName: a, objectAlias: ..x');
    assert.equal(parse({ objects }).objects[0]?.path, '..x');
    refuses(
      'invalid_objects',
      /objectAlias "\.\.x" makes the file path "\.\.x", which begins with "\.\.", which the driver/,
      () => parse({ objects }, true),
    );
  });
});

describe('compatibility: objectVersion and objectVersionLabel', () => {
  it('may both be given for a secret', () => {
    const object = parseOne(secret('objectName: a, objectVersion: v, objectVersionLabel: AWSPREVIOUS'));
    assert.deepEqual([object.version, object.versionLabel], ['v', 'AWSPREVIOUS']);
  });

  it('are refused together for a parameter', () => {
    refusesList(
      'objects[0] "a": a parameter takes objectVersion or objectVersionLabel, not both',
      parameter('objectName: a, objectVersion: 1, objectVersionLabel: l'),
    );
  });
});

describe('compatibility: filePermission', () => {
  for (const [text, mode] of [
    ['0400', 0o400],
    ['0000', 0],
    ['0777', 0o777],
    ['7777', 0o777],
    ['4755', 0o755],
  ] as const) {
    it(`${text} is the mode ${mode.toString(8)}: no set-uid, set-gid or sticky bit`, () => {
      assert.equal(parseOne(secret(`objectName: a, filePermission: "${text}"`)).mode, mode);
    });
  }

  for (const text of ['888', '400', '00400', '0o400', 'rw-r--r--', '0400 ', '-400', '0x1F', '0400\\n']) {
    it(`"${text}" is refused`, () => {
      refusesList(
        /^objects\[0\] "a": filePermission ".*" must be four octal digits such as 0400$/,
        secret(`objectName: a, filePermission: "${text}"`),
      );
    });
  }
});
