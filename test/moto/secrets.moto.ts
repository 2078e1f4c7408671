/** Secrets Manager as moto has it: kinds of values, versions, ARNs, JMESPath, refusals and rotation. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { status } from '@grpc/grpc-js';
import type { SecretVersionDocument, StoreDocument } from '../../src/local/store-document.js';
import { Canaries } from '../support/canaries.js';
import { account, region } from '../support/world.js';
import { Pair, textsOf } from './pair.js';
import { putVersion } from './seed.js';

const canaries = new Canaries();
const id = (digit: number) => `0000000${String(digit)}-0000-4000-8000-00000000000${String(digit)}`;
const text = canaries.value('text');
const json = JSON.stringify({
  user: canaries.value('user'),
  port: 5432,
  deep: { list: ['a', canaries.value('deep')] },
});
const binary = Buffer.from([0, 255, 10, 128, 13]);
const large = canaries.value('large').padEnd(60_000, 'x');
const [first, second, third, pending] = [1, 2, 3, 4].map((digit) => canaries.value(`version-${String(digit)}`));

const versions: readonly SecretVersionDocument[] = [
  { id: id(1), value: first ?? '' },
  { id: id(2), value: second ?? '' },
  { id: id(3), value: third ?? '' },
];

const store: StoreDocument = {
  secrets: {
    [region]: {
      text,
      json,
      binary: { binary: binary.toString('base64') },
      large,
      unicode: 'größe ✓\r\nwith a last line\n',
      'dir/name_with.signs+=@-': text,
      // Ends like the suffix of an ARN.
      'name-abcdef': text,
      versions: { versions },
      staged: {
        versions: [
          { id: id(1), value: first ?? '', stages: ['AWSPREVIOUS'] },
          { id: id(2), value: second ?? '', stages: ['AWSCURRENT'] },
          { id: id(4), value: pending ?? '', stages: ['AWSPENDING', 'blue'] },
        ],
      },
      deleted: { value: text, deleted: true },
      rotating: { versions: versions.slice(0, 1) },
      relabelled: { versions: [{ id: id(1), value: first ?? '', stages: ['AWSCURRENT', 'blue'] }] },
      resting: { versions: versions.slice(0, 1) },
    },
    'us-east-2': { far: text },
  },
  roles: { app: {} },
  serviceAccounts: { 'ns/app': { role: 'app' } },
  podIdentityAssociations: { 'ns/app': 'app' },
};

interface Refusal {
  readonly what: string;
  readonly objects: string;
  readonly code: status;
  readonly message: RegExp;
  readonly awsWords?: 'differ';
}

const describeSecret = `secretsmanager DescribeSecret ${region}`;
const getSecretValue = `secretsmanager GetSecretValue ${region}`;
const assumeRole = 'sts AssumeRoleWithWebIdentity';

const secret = (fields: string) => `- { objectType: secretsmanager, ${fields} }\n`;

for (const driverWrites of [false, true]) {
  describe(`secrets of moto, ${driverWrites ? 'the driver' : 'the provider'} writes`, () => {
    let pair: Pair;
    before(async function () {
      this.timeout(60_000);
      pair = await Pair.start({ driverWrites, store });
    });
    after(() => pair.stop());

    /** With the suffix that moto has chosen. */
    const arnOf = (name: string, regionOfSecret = region) => {
      const entry = pair.document.secrets?.[regionOfSecret]?.[name];
      assert.ok(typeof entry === 'object' && entry?.suffix !== undefined);
      return `arn:aws:secretsmanager:${regionOfSecret}:${account}:secret:${name}-${entry.suffix}`;
    };

    for (const usePodIdentity of ['false', 'true']) {
      it(`mounts text, binary and large values (usePodIdentity ${usePodIdentity})`, async () => {
        const names = ['text', 'binary', 'large', 'unicode', 'dir/name_with.signs+=@-', 'name-abcdef'];
        const objects = names.map((name) => secret(`objectName: "${name}"`)).join('');
        const mounted = await pair.mount({ objects, parameters: { usePodIdentity } });
        assert.deepEqual(textsOf(mounted), {
          text,
          binary: `hex ${binary.toString('hex')}`,
          large,
          unicode: 'größe ✓\r\nwith a last line\n',
          'dir_name_with.signs+=@-': text,
          'name-abcdef': text,
        });
        const gets = Array.from({ length: names.length }, () => getSecretValue);
        assert.deepEqual(mounted.calls, usePodIdentity === 'true' ? gets : [...gets, assumeRole]);
      });
    }

    it('mounts a version by its id, by a label, and by both', async () => {
      const mounted = await pair.mount({
        objects: [
          secret('objectName: versions, objectAlias: current'),
          secret('objectName: versions, objectAlias: previous, objectVersionLabel: AWSPREVIOUS'),
          secret(`objectName: versions, objectAlias: oldest, objectVersion: ${id(1)}`),
          secret('objectName: staged, objectAlias: pending, objectVersionLabel: AWSPENDING'),
          secret(`objectName: staged, objectAlias: both, objectVersion: ${id(4)}, objectVersionLabel: blue`),
        ].join(''),
      });
      assert.deepEqual(textsOf(mounted), { current: third, previous: second, oldest: first, pending, both: pending });
      assert.deepEqual(mounted.versions, {
        current: id(3),
        previous: id(2),
        oldest: id(1),
        pending: id(4),
        both: id(4),
      });
    });

    it('mounts by the whole ARN and by one without suffix', async () => {
      const partial = `arn:aws:secretsmanager:${region}:${account}:secret:text`;
      const objects = [
        `- { objectName: "${arnOf('text')}", objectAlias: whole }\n`,
        `- { objectName: "${partial}", objectAlias: partial }\n`,
        `- { objectName: "${arnOf('name-abcdef')}", objectAlias: tricky }\n`,
      ];
      const mounted = await pair.mount({ objects: objects.join('') });
      assert.deepEqual(textsOf(mounted), { whole: text, partial: text, tricky: text });
    });

    it('reads in the region of an ARN where the class names none', async () => {
      const objects = `- { objectName: "${arnOf('far', 'us-east-2')}", objectAlias: far }`;
      const mounted = await pair.mount({ objects });
      assert.deepEqual(textsOf(mounted), { far: text });
      assert.ok(mounted.calls.includes('secretsmanager GetSecretValue us-east-2'));
    });

    it('takes single values out of a JSON secret', async () => {
      const { user, deep } = JSON.parse(json) as { user: string; deep: { list: string[] } };
      const objects = `
- objectName: json
  objectType: secretsmanager
  filePermission: "0400"
  jmesPath:
    - { path: user, objectAlias: user, filePermission: "0440" }
    - { path: port, objectAlias: port }
    - { path: "deep.list[1]", objectAlias: deep }
    - { path: deep, objectAlias: object }`;
      const mounted = await pair.mount({ objects });
      const object = JSON.stringify(deep);
      assert.deepEqual(textsOf(mounted), { json, user, port: '5432', deep: deep.list[1], object });
      assert.equal(mounted.files['user']?.mode, '0440');
      assert.equal(mounted.files['port']?.mode, '0400');
    });

    const refusals: readonly Refusal[] = [
      {
        what: 'a secret that does not exist',
        objects: secret('objectName: nothing'),
        code: status.NOT_FOUND,
        message: /"nothing": no such secret in eu-west-1.*ResourceNotFoundException/,
      },
      {
        what: 'a version id that does not exist',
        objects: secret(`objectName: text, objectVersion: ${id(9)}`),
        code: status.NOT_FOUND,
        message: /no version \"00000009-/,
      },
      {
        what: 'a label that no version has',
        objects: secret('objectName: text, objectVersionLabel: green'),
        code: status.NOT_FOUND,
        message: /no label \"green\"/,
        // Moto says that the secret is missing.
        awsWords: 'differ',
      },
      {
        what: 'a version that does not have the label',
        objects: secret(`objectName: staged, objectVersion: ${id(4)}, objectVersionLabel: green`),
        code: status.FAILED_PRECONDITION,
        message: /InvalidRequestException.*correct objectName, objectVersion or objectVersionLabel/,
      },
      {
        what: 'a deleted secret',
        objects: secret('objectName: deleted'),
        code: status.FAILED_PRECONDITION,
        message: /"deleted".*InvalidRequestException.*restore the secret/,
        // Moto has a text of its own, botocore's frame around it included.
        awsWords: 'differ',
      },
      {
        what: 'several faults, with all of them',
        objects: secret('objectName: nothing') + secret('objectName: text') + secret('objectName: nor/this'),
        code: status.NOT_FOUND,
        message: /\"nothing\", objects\[2\] \"nor\/this\"/,
      },
      {
        what: 'JMESPath on what is no JSON',
        objects: secret('objectName: text, jmesPath: [{ path: a, objectAlias: b }]'),
        code: status.FAILED_PRECONDITION,
        message: /\"text\": the value is not JSON/,
      },
    ];
    for (const { what, objects, code, message, ...comparison } of refusals) {
      it(`refuses ${what}`, async () => {
        const failure = await pair.failure({ objects }, comparison);
        assert.equal(failure.code, code, failure.details);
        assert.match(failure.details, message);
      });
    }

    it('follows a rotation, with and without current versions', async () => {
      const objects = secret('objectName: rotating') + secret('objectName: resting');
      const volumes = pair.volumes();
      const before = await pair.mount({ objects }, volumes);
      assert.deepEqual(textsOf(before), { rotating: first, resting: first });

      const unchanged = await pair.mount({ objects, currentVersions: before.versions }, volumes);
      assert.deepEqual(unchanged.versions, before.versions);
      const two = (call: string) => [call, call, assumeRole];
      assert.deepEqual(unchanged.calls, two(driverWrites ? getSecretValue : describeSecret));

      const next = { id: id(2), value: second ?? '' };
      await putVersion(pair.motoAccount.secretsManager(region), 'rotating', next);
      const rotated: SecretVersionDocument = { id: id(1), value: first ?? '' };
      pair.standIn.standIn.update({ secrets: { [region]: { rotating: { versions: [rotated, next] } } } });

      const after = await pair.mount({ objects, currentVersions: before.versions }, volumes);
      assert.deepEqual(textsOf(after), { rotating: second, resting: first });
      assert.deepEqual(after.versions, { rotating: id(2), resting: id(1) });
      assert.deepEqual(
        after.calls,
        driverWrites ? two(getSecretValue) : [describeSecret, describeSecret, getSecretValue, assumeRole],
      );

      const plain = await pair.mount({ objects }, volumes);
      assert.deepEqual(textsOf(plain), textsOf(after));
      assert.deepEqual(plain.calls, two(getSecretValue));
    });

    it('finds out by DescribeSecret that a label has not moved, and that it has', async () => {
      const objects = secret('objectName: relabelled, objectVersionLabel: blue');
      const volumes = pair.volumes();
      const before = await pair.mount({ objects }, volumes);
      const same = await pair.mount({ objects, currentVersions: before.versions }, volumes);
      assert.deepEqual(same.versions, { relabelled: id(1) });
      assert.deepEqual(same.calls, [driverWrites ? getSecretValue : describeSecret, assumeRole]);

      const next: SecretVersionDocument = { id: id(2), value: second ?? '', stages: ['AWSCURRENT', 'blue'] };
      await putVersion(pair.motoAccount.secretsManager(region), 'relabelled', next);
      const former: SecretVersionDocument = { id: id(1), value: first ?? '', stages: ['AWSPREVIOUS'] };
      pair.standIn.standIn.update({ secrets: { [region]: { relabelled: { versions: [former, next] } } } });
      const moved = await pair.mount({ objects, currentVersions: before.versions }, volumes);
      assert.deepEqual(textsOf(moved), { relabelled: second });
      assert.deepEqual(moved.versions, { relabelled: id(2) });
    });

    it('asks nothing for a pinned version that is mounted, and fetches a file that is gone', async () => {
      const objects = secret(`objectName: versions, objectVersion: ${id(1)}`);
      const volumes = pair.volumes();
      const { versions: currentVersions } = await pair.mount({ objects }, volumes);
      const pinned = await pair.mount({ objects, currentVersions }, volumes);
      assert.deepEqual(pinned.calls, driverWrites ? [getSecretValue, assumeRole] : []);
      rmSync(path.join(volumes.moto, 'versions'), { force: true });
      rmSync(path.join(volumes.standIn, 'versions'), { force: true });
      const again = await pair.mount({ objects, currentVersions }, volumes);
      assert.deepEqual(textsOf(again), { versions: first });
      assert.deepEqual(again.calls, [getSecretValue, assumeRole]);
    });
  });
}
