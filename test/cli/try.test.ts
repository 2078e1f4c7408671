import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hiddenValue } from '../../src/cli/tree.js';
import { Canaries } from '../support/canaries.js';
import { Place, requireBuild, root, until } from './try-run.js';

const ownClass = `
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: own}
spec:
  provider: aws
  parameters:
    region: eu-west-1
    objects: |
      - {objectName: own/secret, objectType: secretsmanager, jmesPath: [{path: user, objectAlias: user}]}
      - {objectName: /own/level, objectType: ssmparameter, filePermission: "0440"}
`;

describe('try', () => {
  const place = new Place();
  before(() => {
    requireBuild();
    place.enter();
  });
  after(() => {
    place.leave();
  });
  afterEach(() => {
    assert.deepEqual(place.leftovers(), [], 'something was left among the temporary files');
  });

  function ownStore(secret: string, level: string): string {
    const value = JSON.stringify({ user: secret });
    return place.write(
      'own-store.yaml',
      JSON.stringify({
        secrets: { 'eu-west-1': { 'own/secret': value } },
        parameters: { 'eu-west-1': { '/own/level': level } },
      }),
    );
  }

  it('shows four examples, hides their values, and ends with a mistake as the pod’s event tells it', async () => {
    const run = place.start([]);
    assert.equal(await run.code, 0, run.errors());
    const output = run.output().replace(/version [0-9a-f]{8}…/g, 'version XXXXXXXX…');
    const golden = readFileSync(path.join(root, 'test/cli/try-output.txt'), 'utf8');
    assert.equal(output.replace(/ \(AccessDeniedException: .*\)$/m, ''), golden);
    assert.match(
      run.output(),
      / \(AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role\/shop-web\/.* is not authorized to perform: secretsmanager:GetSecretValue on resource: .*\)$/m,
    );
    assert.ok(!run.output().includes('made-up'), 'a value of the store is shown');
    assert.ok(!run.output().includes('\u001b'), 'colour is shown where nobody wants it');
  });

  it('shows values only when it is told to', async () => {
    const canaries = new Canaries();
    const secret = canaries.value('secret');
    const level = canaries.value('level');
    const argv = ['-f', place.write('own.yaml', ownClass), '--secrets', ownStore(secret, level)];
    const hidden = place.start(argv);
    assert.equal(await hidden.code, 0, hidden.output());
    canaries.assertAbsent(hidden.output() + hidden.errors(), 'the output');
    assert.equal(hidden.output().split(hiddenValue).length - 1, 3);
    const shown = place.start([...argv, '--show-values'], { color: true, columns: 80 });
    assert.equal(await shown.code, 0);
    assert.ok(shown.output().includes(secret) && shown.output().includes(level));
    assert.ok(!shown.output().includes(hiddenValue) && shown.output().includes('\u001b[36m'));
  });

  for (const mode of [[], ['--driver-writes'], ['--pod-identity']]) {
    it(`keeps the files in the target ${mode.join(' ') || 'as the provider writes them'}`, async () => {
      const target = `out${mode.join('')}`;
      const argv = ['-f', place.write('own.yaml', ownClass), '--secrets', ownStore('me', 'info')];
      const run = place.start([...argv, '--target', target, ...mode]);
      assert.equal(await run.code, 0, run.output());
      const directory = path.join(place.work, target);
      assert.deepEqual(readdirSync(directory).sort(), ['_own_level', 'own_secret', 'user']);
      assert.equal(readFileSync(path.join(directory, 'user'), 'utf8'), 'me');
      assert.equal(statSync(path.join(directory, '_own_level')).mode & 0o7777, 0o440);
      assert.match(run.output(), mode.includes('--pod-identity') ? /by Pod Identity/ : /by IRSA/);
      assert.ok(run.output().includes(`The files are in ${directory}.`));
    });
  }

  it('says what to add when the store lacks an object, ends with 1 and leaves no empty target', async () => {
    const store = place.write('empty.yaml', '{}');
    const argv = ['-f', place.write('own.yaml', ownClass), '--secrets', store, '--target', 'new/deep'];
    const run = place.start([...argv, '--namespace', 'team', '--service-account', 'me']);
    assert.equal(await run.code, 1);
    assert.match(
      run.output(),
      /^ {3}MountVolume\.SetUp failed for volume "secrets-store" : rpc error: code = NotFound desc = failed to mount secrets store objects for pod team\/own-pod, err: rpc error: code = NotFound desc = .*own\/secret/m,
    );
    assert.ok(
      run.output().includes(`The store empty.yaml lacks what the class names. Add to it, or to your own (--secrets):
     secrets:
       eu-west-1:
         own/secret: '{"user":"a value"}'
     parameters:
       eu-west-1:
         /own/level: a value
`),
    );
    assert.ok(!existsSync(path.join(place.work, 'new')));
  });

  it('follows the store: changed files are named, a bad store changes nothing, Ctrl-C ends it', async () => {
    const store = ownStore('before', 'info');
    const argv = ['-f', place.write('own.yaml', ownClass), '--secrets', store, '--watch', '--target', 'watched'];
    const run = place.start(argv);
    const user = () => readFileSync(path.join(place.work, 'watched/user'), 'utf8');
    await until('the watch', () => run.output().includes('Watching own-store.yaml'));
    assert.equal(user(), 'before');

    ownStore('after', 'info');
    await until('the rotation', () => run.output().includes('~ own: user'));
    assert.equal(user(), 'after');
    assert.match(run.output(), /~ own: own_secret {2}0644 {2}16 B {2}version [0-9a-f]{8}… -> [0-9a-f]{8}…\n/);
    assert.ok(!run.output().includes('own_level  0440  4 B  version 1 ->'));

    place.write('own-store.yaml', 'secrets: [canary-in-a-bad-store');
    await until('the refusal', () => run.output().includes('The store was not taken over: '));
    assert.ok(!run.output().includes('canary'));

    place.write('own-store.yaml', '{}');
    await until('the failed mount', () => run.output().includes('A pod that runs keeps its files'));
    assert.equal(user(), 'after');

    run.interrupt();
    assert.equal(await run.code, 0);
    assert.match(run.output(), /\nStopped\.\n$/);
  });

  for (const moment of ['tried on this machine', 'IRSA', 'is down at the moment', 'A mistake']) {
    it(`leaves nothing when it is interrupted at "${moment}"`, async () => {
      const run = place.start([], {}, moment);
      assert.equal(await run.code, 130);
      assert.equal(run.errors(), '');
    });
  }

  it('leaves nothing when it is interrupted before it has begun', async () => {
    const run = place.start([]);
    run.interrupt();
    assert.equal(await run.code, 130);
    assert.equal(run.output() + run.errors(), '');
  });

  const faults: readonly [string, readonly string[], RegExp][] = [
    ['a class that is not there', ['-f', 'none.yaml'], /^cannot read "none\.yaml": ENOENT/],
    ['a store that is not there', ['--secrets', 'none.yaml'], /^store ".*none\.yaml": ENOENT/],
    ['a target that is a file', ['--target', 'a-file'], /^cannot make the directory ".*a-file.*": /],
    ['a file without a class', ['-f', 'a-file'], /^no SecretProviderClass with "provider: aws" in "a-file"\n$/],
  ];
  for (const [what, argv, message] of faults) {
    it(`ends with 1 and a sentence for ${what}`, async () => {
      writeFileSync(path.join(place.work, 'a-file'), 'kind: Nothing\n');
      const run = place.start(argv);
      assert.equal(await run.code, 1);
      assert.match(run.errors(), message);
    });
  }
});
