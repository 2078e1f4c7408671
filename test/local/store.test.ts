/** The store's YAML: its defaults, its updates, and the errors that name a field. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkStoreDocument, readStoreFile } from '../../src/local/document-reader.js';
import { mergeStore } from '../../src/local/store-merge.js';
import type { StoreDocument } from '../../src/local/store-document.js';
import type { Store } from '../../src/local/store.js';

describe('stand-in: store', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'store-test-'));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  function read(text: string): StoreDocument {
    const file = path.join(directory, 'store.yaml');
    writeFileSync(file, text);
    return readStoreFile(file);
  }
  const merge = (document: StoreDocument, previous?: Store, keep = true) =>
    mergeStore(document, { ...(previous ? { previous } : {}), keep, now: 1000 });

  it('reads a small file, every scalar as text', () => {
    const document = read(`
      account: 012345678901
      secrets:
        eu-west-1: &all
          pin: 0123
          flag: { value: yes, deleted: true }
        eu-central-1: *all
      parameters: { eu-west-1: { /p: 1.10 } }
      roles: { app: }
    `);
    const store = merge(document);
    assert.deepEqual([...store.roles.keys()], ['arn:aws:iam::012345678901:role/app']);
    const pin = store.secrets.get('eu-central-1')?.get('pin');
    assert.equal(pin?.versions[0]?.value, '0123');
    assert.equal(store.secrets.get('eu-west-1')?.get('pin')?.arn.slice(-7), pin.arn.slice(-7));
    assert.match(pin.arn, /^arn:aws:secretsmanager:eu-central-1:012345678901:secret:pin-[A-Za-z0-9]{6}$/);
    assert.equal(store.secrets.get('eu-west-1')?.get('flag')?.deletedAt, 1000);
    assert.equal(store.parameters.get('eu-west-1')?.get('p')?.versions[0]?.value, '1.10');
  });

  it('takes an empty file as an empty store', () => {
    assert.equal(merge(read('# nothing yet\n')).account, '111122223333');
    assert.equal(merge(read('')).account, '111122223333');
  });

  it('gives listed versions the usual labels', () => {
    const versions = [{ value: 'a' }, { value: 'b' }, { value: 'c' }];
    const store = merge({ secrets: { 'eu-west-1': { s: { versions } } } });
    const stages = store.secrets
      .get('eu-west-1')
      ?.get('s')
      ?.versions.map((version) => version.stages);
    assert.deepEqual(stages, [[], ['AWSPREVIOUS'], ['AWSCURRENT']]);
  });

  it('keeps what an update does not name, and drops what a replacement does not', () => {
    const first = merge({ secrets: { 'eu-west-1': { a: '1', b: '2' } }, roles: { app: {}, ci: {} }, nodes: { n: {} } });
    const updated = merge({ secrets: { 'eu-west-1': { a: '3' } }, roles: { ci: null } }, first);
    assert.deepEqual([...(updated.secrets.get('eu-west-1')?.keys() ?? [])], ['a', 'b']);
    assert.deepEqual([...updated.roles.keys()], ['arn:aws:iam::111122223333:role/app']);
    assert.equal(updated.nodes.size, 1);
    const replaced = merge({ secrets: { 'eu-west-1': { a: '3' } } }, updated, false);
    const secret = replaced.secrets.get('eu-west-1')?.get('a');
    assert.deepEqual(secret, updated.secrets.get('eu-west-1')?.get('a'));
    assert.equal(secret?.versions.length, 2);
    assert.deepEqual([replaced.secrets.get('eu-west-1')?.size, replaced.roles.size, replaced.nodes.size], [1, 0, 0]);
    assert.equal(first.secrets.get('eu-west-1')?.get('a')?.versions.length, 1);
  });

  it('names the file that cannot be read or is no YAML', () => {
    const invalid = 'invalid_request';
    assert.throws(() => readStoreFile(path.join(directory, 'none.yaml')), {
      code: invalid,
      message: /none\.yaml.*ENOENT/,
    });
    assert.throws(() => read('{}\n---\n{}\n'), { code: invalid, message: /holds several documents$/ });
    assert.throws(() => read('a: [b'), { code: invalid, message: /^store ".*store\.yaml": / });
  });

  const bad: [string, unknown, RegExp][] = [
    ['a list', [], /^store: the document must be a map, not a list$/],
    ['an unknown field', { secret: {} }, /^store: secret is not a known field \(account, partition, secrets, /],
    ['a short account', { account: '12' }, /^store: account must be twelve digits$/],
    [
      'a region that is none',
      { secrets: { default: {} } },
      /^store: secrets\.default must be named as a region, such as/,
    ],
    [
      'a secret that is a list',
      { secrets: { 'eu-west-1': { s: [] } } },
      /^store: secrets\.eu-west-1\.s must be a map, not a list$/,
    ],
    [
      'a misspelt field of a secret',
      { secrets: { 'eu-west-1': { s: { vlaue: 'x' } } } },
      /^store: secrets\.eu-west-1\.s\.vlaue is not a known field/,
    ],
    [
      'a secret with two values',
      { secrets: { 'eu-west-1': { s: { value: 'x', binary: 'eA==' } } } },
      /s must have exactly one of value, binary and versions$/,
    ],
    [
      'a version without a value',
      { secrets: { 'eu-west-1': { s: { versions: [{ id: 'x' }] } } } },
      /s\.versions\[0\] must have either value or binary$/,
    ],
    [
      'a binary that is no base64',
      { secrets: { 'eu-west-1': { s: { binary: '%' } } } },
      /^store: secrets\.eu-west-1\.s\.binary must be base64$/,
    ],
    [
      'a parameter of an unknown type',
      { parameters: { 'eu-west-1': { p: { value: 'x', type: 'Text' } } } },
      /p\.type must be one of String, StringList, SecureString$/,
    ],
    [
      'a version number below 1',
      { parameters: { 'eu-west-1': { p: { versions: [{ value: 'x', version: 0 }] } } } },
      /versions\[0\]\.version must be a whole number above 0$/,
    ],
    ['a service account without namespace', { serviceAccounts: { app: {} } }, /app must be named as namespace\/name$/],
    [
      'a statement without actions',
      { roles: { r: { allow: [{}] } } },
      /^store: roles\.r\.allow\[0\] must have actions$/,
    ],
    [
      'an unknown resource',
      { kubernetes: { deny: ['secrets'] } },
      /deny\[0\] must be one of serviceaccounts, pods, nodes$/,
    ],
  ];
  for (const [title, document, message] of bad) {
    it(`refuses ${title} and names it`, () => {
      assert.throws(() => checkStoreDocument(document), { name: 'ProviderError', code: 'invalid_request', message });
    });
  }
});
