/** Parameter Store as moto has it: versions, labels, ARNs, batches, and answers that leave the selector out. */
import assert from 'node:assert/strict';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { status } from '@grpc/grpc-js';
import type { StoreDocument } from '../../src/local/store-document.js';
import { Canaries } from '../support/canaries.js';
import { account, region } from '../support/world.js';
import { Pair, textsOf } from './pair.js';

const canaries = new Canaries();
const secure = canaries.value('secure');
const values = ['first', 'second', 'third'].map((name) => canaries.value(name));
const [first = '', second = '', third = ''] = values;
const many = Array.from({ length: 25 }, (_, index) => `/many/p${String(index).padStart(2, '0')}`);

const store: StoreDocument = {
  secrets: { [region]: { referenced: canaries.value('referenced') } },
  parameters: {
    [region]: {
      ...Object.fromEntries(many.map((name) => [name, canaries.value(name.slice(6))])),
      lone: 'without a slash',
      '/slashed': 'with a slash',
      '/deep/er': 'in a path',
      '/secure': { value: secure, type: 'SecureString' },
      '/list': { value: 'a,b,c', type: 'StringList' },
      '/several': {
        versions: [{ value: first, labels: ['old', 'older'] }, { value: second, labels: ['stable'] }, { value: third }],
      },
      '/rotating': first,
    },
    'eu-central-1': { '/deep/er': 'elsewhere' },
  },
  roles: { app: {} },
  serviceAccounts: { 'ns/app': { role: 'app' } },
  podIdentityAssociations: { 'ns/app': 'app' },
};

const parameter = (fields: string) => `- { objectType: ssmparameter, ${fields} }\n`;
const getParameters = `ssm GetParameters ${region}`;

for (const driverWrites of [false, true]) {
  describe(`parameters of moto, ${driverWrites ? 'the driver' : 'the provider'} writes`, () => {
    let pair: Pair;
    before(async function () {
      this.timeout(60_000);
      pair = await Pair.start({ driverWrites, store });
    });
    after(() => pair.stop());

    for (const usePodIdentity of ['false', 'true']) {
      it(`mounts 25 parameters in three calls (usePodIdentity ${usePodIdentity})`, async () => {
        const objects = many.map((name) => parameter(`objectName: ${name}`)).join('');
        const mounted = await pair.mount({ objects, parameters: { usePodIdentity } });
        const expected = Object.entries(store.parameters?.[region] ?? {}).filter(([name]) => many.includes(name));
        assert.deepEqual(
          textsOf(mounted),
          Object.fromEntries(expected.map(([name, value]) => [name.replaceAll('/', '_'), value])),
        );
        assert.equal(mounted.calls.filter((call) => call === getParameters).length, 3);
      });
    }

    it('mounts every type, with and without a leading slash', async () => {
      const mounted = await pair.mount({
        objects: [
          parameter('objectName: /secure'),
          parameter('objectName: /list'),
          parameter('objectName: lone'),
          parameter('objectName: /lone, objectAlias: lone-with'),
          parameter('objectName: /slashed'),
          parameter('objectName: slashed, objectAlias: slashed-without'),
        ].join(''),
      });
      assert.deepEqual(textsOf(mounted), {
        _secure: secure,
        _list: 'a,b,c',
        lone: 'without a slash',
        'lone-with': 'without a slash',
        _slashed: 'with a slash',
        'slashed-without': 'with a slash',
      });
    });

    it('gives each of several versions and labels of one parameter its own value', async () => {
      const mounted = await pair.mount({
        objects: [
          parameter('objectName: /several, objectAlias: current'),
          parameter('objectName: /several, objectAlias: v1, objectVersion: 1'),
          parameter('objectName: /several, objectAlias: v2, objectVersion: 2'),
          parameter('objectName: /several, objectAlias: v3, objectVersion: 3'),
          parameter('objectName: /several, objectAlias: older, objectVersionLabel: older'),
          parameter('objectName: /several, objectAlias: stable, objectVersionLabel: stable'),
          parameter('objectName: /several, objectAlias: again'),
        ].join(''),
      });
      const files = { current: third, v1: first, v2: second, v3: third, older: first, stable: second, again: third };
      assert.deepEqual(textsOf(mounted), files);
      assert.deepEqual(mounted.versions, {
        current: '3',
        v1: '1',
        v2: '2',
        v3: '3',
        older: '1',
        stable: '2',
        again: '3',
      });
    });

    it('mounts by ARN, with and without a version', async () => {
      const arn = (name: string, regionOfName = region) => `arn:aws:ssm:${regionOfName}:${account}:parameter${name}`;
      const mounted = await pair.mount({
        objects: [
          `- { objectName: "${arn('/deep/er')}", objectAlias: deep }\n`,
          `- { objectName: "${arn('/lone')}", objectAlias: lone }\n`,
          `- { objectName: "${arn('/several')}", objectAlias: v2, objectVersion: 2 }\n`,
          `- { objectName: "${arn('/several')}", objectAlias: old, objectVersionLabel: old }\n`,
        ].join(''),
      });
      assert.deepEqual(textsOf(mounted), { deep: 'in a path', lone: 'without a slash', v2: second, old: first });
      const far = await pair.mount({
        objects: `- { objectName: "${arn('/deep/er', 'eu-central-1')}", objectAlias: far }`,
      });
      assert.deepEqual(textsOf(far), { far: 'elsewhere' });
    });

    const missing = parameter('objectName: /nothing');
    const refusals = [
      {
        what: 'a parameter that does not exist',
        objects: missing,
        message: /"\/nothing": no such parameter in eu-west-1/,
      },
      {
        what: 'a version that does not exist',
        objects: parameter('objectName: /several, objectVersion: 4'),
        message: /"\/several".*no version "4"/,
      },
      {
        what: 'a label that no version has',
        objects: parameter('objectName: /several, objectVersionLabel: green'),
        message: /"\/several".*no label "green"/,
      },
      {
        what: 'an ARN that does not exist',
        objects: `- objectName: arn:aws:ssm:${region}:${account}:parameter/no/thing`,
        message: /parameter\/no\/thing": no such parameter/,
      },
      {
        what: 'every invalid one among valid ones',
        objects: ['/nothing', '/list', '/nor/this', '/secure'].map((name) => parameter(`objectName: ${name}`)).join(''),
        message: /objects\[0\] "\/nothing", objects\[2\] "\/nor\/this": no such parameter/,
      },
    ];
    for (const { what, objects, message } of refusals) {
      it(`refuses ${what}`, async () => {
        const failure = await pair.failure({ objects });
        assert.equal(failure.code, status.NOT_FOUND, failure.details);
        assert.match(failure.details, message);
      });
    }

    it('follows a new version, with and without current versions', async () => {
      const objects = parameter('objectName: /rotating');
      const volumes = pair.volumes();
      const { versions: currentVersions } = await pair.mount({ objects }, volumes);
      assert.deepEqual(currentVersions, { _rotating: '1' });
      const put = new PutParameterCommand({ Name: '/rotating', Value: second, Overwrite: true });
      await pair.motoAccount.parameterStore(region).send(put);
      pair.standIn.standIn.update({ parameters: { [region]: { '/rotating': second } } });
      for (const mount of [{ objects, currentVersions }, { objects }]) {
        const mounted = await pair.mount(mount, volumes);
        assert.deepEqual(textsOf(mounted), { _rotating: second });
        assert.deepEqual(mounted.versions, { _rotating: '2' });
      }
    });

    // AWS answers a reference by the name it was asked for, moto by the name of the secret. A value under a name that
    // nobody asked for must not be mounted, so moto cannot serve references.
    it('mounts no answer that has another name than what was asked', async () => {
      const objects = parameter('objectName: /aws/reference/secretsmanager/referenced');
      const failure = await pair.moto.failure({ objects });
      assert.equal(failure.code, status.INTERNAL);
      assert.match(failure.details, /"\/aws\/reference\/secretsmanager\/referenced".*neither found nor invalid/);
    });
  });
}
