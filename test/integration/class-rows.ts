/** Rows of the compatibility table: parameters of a class and fields of its objects list. */
import { status } from '@grpc/grpc-js';
import { account, region, type WorldMount } from '../support/world.js';

export const arn = (name: string) => `arn:aws:secretsmanager:${region}:${account}:secret:${name}`;
export const parameterArn = (name: string) => `arn:aws:ssm:${region}:${account}:parameter/${name}`;
export const secret = (fields: string) => `- { objectType: secretsmanager, ${fields} }`;
export const parameter = (fields: string) => `- { objectType: ssmparameter, ${fields} }`;

export interface Row extends WorldMount {
  /** The row of the compatibility table and the case. */
  readonly row: string;
  /** Path to text of every file, in the provider's writing mode. */
  readonly files?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, string>>;
  readonly code?: status;
  readonly message?: RegExp;
  /** In the mount's log line. */
  readonly warning?: RegExp;
}

export const refused = { code: status.INVALID_ARGUMENT };
export const json =
  '{"user":"u","port":5432,"price":1.10,"id":12345678901234567890,"tags":["a","b"],"nested":{"on":true},"none":null}';
export const v1 = '00000000-0000-4000-8000-000000000001';
export const v2 = '00000000-0000-4000-8000-000000000002';

export const parameterRows: readonly Row[] = [
  { row: 'objects: empty', objects: '', ...refused, message: /objects/ },
  { row: 'objects: null', objects: 'null', ...refused, message: /objects/ },
  { row: 'objects: a map', objects: 'objectName: s', ...refused, message: /list/ },
  { row: 'objects: an empty list', objects: '[]', ...refused, message: /objects/ },
  { row: 'objects: no YAML', objects: '- {', ...refused, message: /YAML/i },
  {
    row: 'region: host name in it',
    objects: secret('objectName: s'),
    parameters: { region: 'evil.com/' },
    ...refused,
    message: /region/,
  },
  {
    row: 'region: aws-global',
    objects: secret('objectName: s'),
    parameters: { region: 'aws-global' },
    ...refused,
    message: /aws-global/,
  },
  {
    row: 'region: fips-',
    objects: secret('objectName: s'),
    parameters: { region: 'fips-us-east-1' },
    ...refused,
    message: /fips/,
  },
  {
    row: 'region: that of the ARNs',
    objects: `- objectName: arn:aws:secretsmanager:us-east-2:${account}:secret:far\n  objectAlias: far`,
    files: { far: 'far' },
  },
  {
    row: 'region: an ARN elsewhere',
    objects: `- objectName: arn:aws:secretsmanager:us-east-2:${account}:secret:far`,
    parameters: { region },
    ...refused,
    message: /us-east-2/,
  },
  {
    row: 'failoverRegion: the primary',
    objects: secret('objectName: s'),
    parameters: { region, failoverRegion: region },
    ...refused,
    message: /failoverRegion/,
  },
  {
    row: 'failoverRegion: no host name label',
    objects: secret('objectName: s'),
    parameters: { failoverRegion: 'a.b' },
    ...refused,
    message: /failoverRegion/,
  },
  { row: 'pathTranslation: default', objects: secret('objectName: dir/s'), files: { dir_s: 'deep' } },
  {
    row: 'pathTranslation: empty',
    objects: secret('objectName: dir/s'),
    parameters: { pathTranslation: '' },
    files: { dir_s: 'deep' },
  },
  {
    row: 'pathTranslation: False',
    objects: secret('objectName: dir/s'),
    parameters: { pathTranslation: 'fALSE' },
    files: { 'dir/s': 'deep' },
  },
  {
    row: 'pathTranslation: /',
    objects: secret('objectName: dir/s'),
    parameters: { pathTranslation: '/' },
    files: { 'dir/s': 'deep' },
  },
  {
    row: 'pathTranslation: another character',
    objects: secret('objectName: dir/s'),
    parameters: { pathTranslation: '-' },
    files: { 'dir-s': 'deep' },
  },
  {
    row: 'pathTranslation: two characters',
    objects: secret('objectName: dir/s'),
    parameters: { pathTranslation: '--' },
    ...refused,
    message: /pathTranslation/,
  },
  {
    row: 'pathTranslation: no ASCII',
    objects: secret('objectName: dir/s'),
    parameters: { pathTranslation: 'ü' },
    ...refused,
    message: /pathTranslation/,
  },
  {
    row: 'usePodIdentity: T',
    objects: secret('objectName: s'),
    parameters: { usePodIdentity: 'T' },
    files: { s: 'plain' },
  },
  {
    row: 'usePodIdentity: yes',
    objects: secret('objectName: s'),
    parameters: { usePodIdentity: 'yes' },
    ...refused,
    message: /usePodIdentity/,
  },
  {
    row: 'preferredAddressType: ipv4',
    objects: secret('objectName: s'),
    parameters: { usePodIdentity: '1', preferredAddressType: 'IPv4' },
    files: { s: 'plain' },
  },
  {
    row: 'preferredAddressType: anything else',
    objects: secret('objectName: s'),
    parameters: { usePodIdentity: '1', preferredAddressType: 'ipv5' },
    files: { s: 'plain' },
    warning: /preferredAddressType/,
  },
];

export const listRows: readonly Row[] = [
  {
    row: 'keys in any case',
    objects: `- { OBJECTNAME: s, ObjectType: secretsmanager, objectalias: a }`,
    files: { a: 'plain' },
  },
  {
    row: 'merge keys and anchors',
    objects: `- &base { objectName: s, objectType: secretsmanager }\n- { <<: *base, objectAlias: again }`,
    files: { s: 'plain', again: 'plain' },
  },
  { row: 'byte order mark', objects: `\ufeff${secret('objectName: s')}`, files: { s: 'plain' } },
  { row: 'a second document', objects: `${secret('objectName: s')}\n---\n- nonsense`, files: { s: 'plain' } },
  { row: 'the later of two equal keys', objects: secret('objectName: missing, objectName: s'), files: { s: 'plain' } },
  {
    row: 'the text as written: version',
    objects: parameter('objectName: p, objectVersion: 2'),
    files: { p: 'p2' },
    versions: { p: '2' },
  },
  {
    row: 'the text as written: mode',
    objects: secret('objectName: s, filePermission: 0400'),
    files: { s: 'plain' },
    modes: { s: '0400' },
    warning: /0400.*256|256.*0400/,
  },
  {
    row: 'the text as written: alias',
    objects: secret('objectName: s, objectAlias: 1.10'),
    files: { '1.10': 'plain' },
    warning: /1\.10/,
  },
  {
    row: 'null is absent',
    objects: secret('objectName: s, objectAlias: ~, objectVersion: null'),
    files: { s: 'plain' },
  },
  { row: 'a list where text belongs', objects: secret('objectName: [s]'), ...refused, message: /objectName/ },
  {
    row: 'unknown fields are warned of',
    objects: secret('objectName: s, objectAlas: a'),
    files: { s: 'plain' },
    warning: /objectAlias/,
  },
  {
    row: 'two spellings of one field',
    objects: secret('objectName: s, ObjectName: t'),
    ...refused,
    message: /objectName/i,
  },
  {
    row: 'all faults together',
    objects: `${secret('objectName: s, filePermission: 999')}\n- { objectName: t, objectType: x }\n- { objectType: secretsmanager }`,
    ...refused,
    message: /filePermission.*objectType.*objectName/s,
  },
  {
    row: 'objectType left out with an ARN',
    objects: `- { objectName: "${arn('s')}", objectAlias: a }`,
    files: { a: 'plain' },
  },
  { row: 'objectType left out with a name', objects: '- objectName: s', ...refused, message: /objectType/ },
  {
    row: 'objectType against the ARN',
    objects: parameter(`objectName: "${arn('s')}"`),
    ...refused,
    message: /objectType/,
  },
  {
    row: 'an ARN that does not parse',
    objects: secret('objectName: "arn:aws:secretsmanager"'),
    ...refused,
    message: /ARN/,
  },
  {
    row: 'a selector in a parameter name',
    objects: parameter('objectName: "p:1"'),
    ...refused,
    message: /objectVersion/,
  },
  {
    row: 'a selector in a parameter ARN',
    objects: `- { objectName: "${parameterArn('p')}:1" }`,
    ...refused,
    message: /objectVersion/,
  },
  { row: 'quotes inside an alias', objects: secret(`objectName: s, objectAlias: '"a"'`), files: { '"a"': 'plain' } },
  {
    row: 'objectVersion of a secret',
    objects: secret(`objectName: versions, objectVersion: ${v1}`),
    files: { versions: 'one' },
    versions: { versions: v1 },
  },
  {
    row: 'objectVersionLabel of a secret',
    objects: secret('objectName: versions, objectVersionLabel: AWSPREVIOUS'),
    files: { versions: 'one' },
    versions: { versions: v1 },
  },
  {
    row: 'no label when none is given',
    objects: secret('objectName: versions'),
    files: { versions: 'two' },
    versions: { versions: v2 },
  },
  {
    row: 'objectVersionLabel of a parameter',
    objects: parameter('objectName: p, objectVersionLabel: stable'),
    files: { p: 'p1' },
    versions: { p: '1' },
  },
  {
    row: 'a parameter with version and label',
    objects: parameter('objectName: p, objectVersion: 1, objectVersionLabel: stable'),
    ...refused,
    message: /objectVersionLabel/,
  },
  {
    row: 'filePermission: three digits',
    objects: secret('objectName: s, filePermission: "400"'),
    ...refused,
    message: /filePermission/,
  },
  {
    row: 'filePermission: set-uid is dropped',
    objects: secret('objectName: s, filePermission: "7755"'),
    files: { s: 'plain' },
    modes: { s: '0755' },
  },
  {
    row: 'filePermission: default of the request',
    objects: secret('objectName: s'),
    permission: '288',
    files: { s: 'plain' },
    modes: { s: '0440' },
  },
];
