/** Rows of the compatibility table: jmesPath, file names, failover objects and fetching. */
import { status } from '@grpc/grpc-js';
import { json, parameter, parameterArn, refused, secret, v2, type Row } from './class-rows.js';

const jmesPath = (path: string, alias = 'out', more = '') =>
  `- objectName: json\n  objectType: secretsmanager\n  objectAlias: all\n  jmesPath: [{ path: '${path}', objectAlias: ${alias} ${more} }]`;

export const jmesPathRows: readonly Row[] = [
  { row: 'jmesPath: text', objects: jmesPath('user'), files: { all: json, out: 'u' } },
  { row: 'jmesPath: a number', objects: jmesPath('port'), files: { all: json, out: '5432' } },
  { row: 'jmesPath: digits of a decimal', objects: jmesPath('price'), files: { all: json, out: '1.10' } },
  { row: 'jmesPath: 20 digits', objects: jmesPath('id'), files: { all: json, out: '12345678901234567890' } },
  { row: 'jmesPath: an array', objects: jmesPath('tags'), files: { all: json, out: '["a","b"]' } },
  { row: 'jmesPath: an index', objects: jmesPath('tags[-1]'), files: { all: json, out: 'b' } },
  { row: 'jmesPath: an object', objects: jmesPath('nested'), files: { all: json, out: '{"on":true}' } },
  { row: 'jmesPath: a function', objects: jmesPath('join(`,`, tags)'), files: { all: json, out: 'a,b' } },
  {
    row: 'jmesPath: rounding is an error',
    objects: jmesPath('sum([id, port])'),
    code: status.FAILED_PRECONDITION,
    message: /round|digits/,
  },
  { row: 'jmesPath: null', objects: jmesPath('none'), code: status.FAILED_PRECONDITION, message: /none/ },
  { row: 'jmesPath: missing', objects: jmesPath('nothing'), code: status.FAILED_PRECONDITION, message: /nothing/ },
  {
    row: 'jmesPath: own keys only',
    objects: jmesPath('constructor'),
    code: status.FAILED_PRECONDITION,
    message: /constructor/,
  },
  {
    row: 'jmesPath: own keys only, in a function',
    objects: jmesPath('not_null(toString)'),
    code: status.FAILED_PRECONDITION,
  },
  {
    row: 'jmesPath: no JSON',
    objects: secret(`objectName: s, jmesPath: [{ path: a, objectAlias: b }]`),
    code: status.FAILED_PRECONDITION,
    message: /JSON/,
  },
  {
    row: 'jmesPath: an own mode',
    objects: jmesPath('user', 'out', ', filePermission: "0440"'),
    files: { all: json, out: 'u' },
    modes: { out: '0440', all: '0644' },
  },
  {
    row: 'jmesPath: without alias',
    objects: secret('objectName: json, jmesPath: [{ path: user }]'),
    ...refused,
    message: /objectAlias/,
  },
  { row: 'jmesPath: bad syntax', objects: jmesPath('a['), ...refused, message: /path/ },
  { row: 'jmesPath: over 1 KiB', objects: jmesPath('a'.repeat(1025)), ...refused, message: /1024|1 KiB/ },
  {
    row: 'jmesPath: on its own object’s file',
    objects: secret('objectName: json, jmesPath: [{ path: user, objectAlias: json }]'),
    files: { json: 'u' },
    warning: /json/,
  },
];

export const pathRows: readonly Row[] = [
  {
    row: 'file name: ../ is translated',
    objects: secret('objectName: s, objectAlias: ../x'),
    files: { '.._x': 'plain' },
  },
  { row: 'file name: // is translated', objects: secret('objectName: s, objectAlias: a//b'), files: { a__b: 'plain' } },
  {
    row: 'file name: the line feed of a block scalar is part of it',
    objects: '- objectName: s\n  objectType: secretsmanager\n  objectAlias: |\n    alias\n',
    files: { 'alias\n': 'plain' },
    warning: /alias\\\\x0a.*line feed/,
  },
  {
    row: 'file name: a control character',
    objects: secret('objectName: s, objectAlias: "a\\ab"'),
    files: { 'a\u0007b': 'plain' },
    warning: /a\\\\x07b.*control character/,
  },
  { row: 'file name: NUL', objects: secret('objectName: s, objectAlias: "a\\0b"'), ...refused, message: /\\x00.*NUL/ },
  {
    row: 'pathTranslation: a control character',
    objects: secret('objectName: s, objectAlias: a/b'),
    parameters: { pathTranslation: '\t' },
    files: { 'a\tb': 'plain' },
  },
  { row: 'file name: ..', objects: secret('objectName: s, objectAlias: ..'), ...refused, message: /\.\./ },
  {
    row: 'file name: ../ without translation',
    objects: secret('objectName: s, objectAlias: a/../b'),
    parameters: { pathTranslation: 'False' },
    ...refused,
    message: /\.\./,
  },
  {
    row: 'file name: // without translation',
    objects: secret('objectName: s, objectAlias: a//b'),
    parameters: { pathTranslation: 'False' },
    ...refused,
  },
  {
    row: 'file name: leading / without translation',
    objects: secret('objectName: s, objectAlias: //a/b'),
    parameters: { pathTranslation: 'False' },
    files: { 'a/b': 'plain' },
  },
  {
    row: 'file name: 256 bytes',
    objects: secret(`objectName: s, objectAlias: ${'x'.repeat(256)}`),
    ...refused,
    message: /255/,
  },
  {
    row: 'one path twice',
    objects: `${secret('objectName: s')}\n${parameter('objectName: p, objectAlias: s')}`,
    ...refused,
    message: /objects\[0\].*objects\[1\]/s,
  },
  {
    row: 'a file where a directory is needed',
    objects: `${secret('objectName: s, objectAlias: a')}\n${parameter('objectName: p, objectAlias: a/b')}`,
    parameters: { pathTranslation: 'False' },
    ...refused,
  },
];

export const failoverRows: readonly Row[] = [
  {
    row: 'failoverObject without failoverRegion',
    objects: secret('objectName: s, objectAlias: a, failoverObject: { objectName: t }'),
    ...refused,
    message: /failoverRegion/,
  },
  {
    row: 'failoverObject without alias',
    objects: secret('objectName: s, failoverObject: { objectName: t }'),
    parameters: { failoverRegion: 'us-east-2' },
    ...refused,
    message: /objectAlias/,
  },
  {
    row: 'failoverObject: versions differ',
    objects: secret(
      'objectName: s, objectAlias: a, objectVersion: x, failoverObject: { objectName: t, objectVersion: y }',
    ),
    parameters: { failoverRegion: 'us-east-2' },
    ...refused,
    message: /objectVersion/,
  },
  { row: 'failoverObject: empty', objects: secret('objectName: s, failoverObject: {}'), files: { s: 'plain' } },
];

export const fetchRows: readonly Row[] = [
  {
    row: 'one parameter under two versions',
    objects: `${parameter('objectName: p, objectVersion: 1, objectAlias: old')}\n${parameter('objectName: p, objectVersion: 2, objectAlias: new')}\n${parameter('objectName: p')}`,
    files: { old: 'p1', new: 'p2', p: 'p3' },
    versions: { old: '1', new: '2', p: '3' },
  },
  {
    row: 'one parameter under two aliases',
    objects: `${parameter('objectName: p, objectAlias: one')}\n${parameter('objectName: p, objectAlias: two')}`,
    files: { one: 'p3', two: 'p3' },
  },
  {
    row: 'one parameter by name, slash and ARN',
    objects: `${parameter('objectName: p')}\n${parameter('objectName: /p, objectAlias: slash')}\n- { objectName: "${parameterArn('p')}", objectAlias: arn, objectVersion: 1 }`,
    files: { p: 'p3', slash: 'p3', arn: 'p1' },
  },
  {
    row: 'more parameters than one call takes',
    objects: Array.from({ length: 25 }, (_, index) =>
      parameter(`objectName: /many/${String(index)}, objectAlias: "n${String(index)}"`),
    ).join('\n'),
    files: Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`n${String(index)}`, `many ${String(index)}`])),
  },
  {
    row: 'all invalid parameters are named',
    objects: `${parameter('objectName: nope1')}\n${parameter('objectName: p')}\n${parameter('objectName: nope2')}`,
    code: status.NOT_FOUND,
    message: /nope1.*nope2/s,
  },
  {
    row: 'a secret that is not there',
    objects: secret('objectName: nope'),
    code: status.NOT_FOUND,
    message: /nope.*eu-west-1|eu-west-1.*nope/s,
  },
  {
    row: 'all failing objects, in order',
    objects: `${secret('objectName: nope1')}\n${secret('objectName: nope2')}`,
    code: status.NOT_FOUND,
    message: /nope1.*nope2/s,
  },
  {
    row: 'a secret by way of Parameter Store',
    objects: parameter('objectName: /aws/reference/secretsmanager/versions'),
    files: { _aws_reference_secretsmanager_versions: 'two' },
    versions: { _aws_reference_secretsmanager_versions: v2 },
  },
];
