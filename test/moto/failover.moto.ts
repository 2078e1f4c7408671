/** Two regions of moto: both well, one down, and objects that one of them does not have. */
import assert from 'node:assert/strict';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { status } from '@grpc/grpc-js';
import type { StoreDocument } from '../../src/local/store-document.js';
import { Canaries } from '../support/canaries.js';
import { account, region } from '../support/world.js';
import { Pair, textsOf } from './pair.js';

const canaries = new Canaries();
const second = 'eu-central-1';
const parameters = { region, failoverRegion: second };
const here = canaries.value('here');
const there = canaries.value('there');
const replicated = canaries.value('replicated');
const version = '00000001-0000-4000-8000-000000000001';
const other = '00000002-0000-4000-8000-000000000002';

const store: StoreDocument = {
  secrets: {
    [region]: { both: { versions: [{ id: version, value: here }] }, 'only-here': here },
    [second]: { both: { versions: [{ id: other, value: there }] }, 'another-name': there },
  },
  parameters: {
    [region]: { '/both': here, '/only/here': here },
    [second]: { '/both': { versions: [{ value: here }, { value: there }] }, '/another/name': there },
  },
  roles: { app: {} },
  serviceAccounts: { 'ns/app': { role: 'app' } },
};

const both = `
- { objectName: both, objectType: secretsmanager, objectAlias: secret }
- { objectName: /both, objectType: ssmparameter, objectAlias: parameter }
`;

const otherNames = `
- objectName: only-here
  objectType: secretsmanager
  objectAlias: secret
  failoverObject: { objectName: another-name }
- objectName: /only/here
  objectType: ssmparameter
  objectAlias: parameter
  failoverObject: { objectName: /another/name }
`;

for (const driverWrites of [false, true]) {
  describe(`failover between regions of moto, ${driverWrites ? 'the driver' : 'the provider'} writes`, () => {
    let pair: Pair;
    before(async function () {
      this.timeout(60_000);
      pair = await Pair.start({ driverWrites, store });
    });
    after(() => pair.stop());

    it('mounts the values and versions of the first region while both answer', async () => {
      const mounted = await pair.mount({ objects: both, parameters });
      assert.deepEqual(textsOf(mounted), { secret: here, parameter: here });
      assert.deepEqual(mounted.versions, { secret: version, parameter: '1' });
    });

    it('mounts the values and versions of the second region while the first is down', async () => {
      const mounted = await pair.withOutage(region, () => pair.mount({ objects: both, parameters }));
      assert.deepEqual(textsOf(mounted), { secret: there, parameter: there });
      assert.deepEqual(mounted.versions, { secret: other, parameter: '2' });
    });

    it('mounts the values of the first region while the second is down', async () => {
      const mounted = await pair.withOutage(second, () => pair.mount({ objects: both, parameters }));
      assert.deepEqual(textsOf(mounted), { secret: here, parameter: here });
    });

    it('reads an object of another name in the second region', async () => {
      const well = await pair.mount({ objects: otherNames, parameters });
      assert.deepEqual(textsOf(well), { secret: here, parameter: here });
      const down = await pair.withOutage(region, () => pair.mount({ objects: otherNames, parameters }));
      assert.deepEqual(textsOf(down), { secret: there, parameter: there });
    });

    it('asks the replica for the ARN of the first region with the region exchanged', async () => {
      const create = new CreateSecretCommand({
        Name: 'replicated',
        SecretString: replicated,
        ClientRequestToken: version,
        AddReplicaRegions: [{ Region: second }],
      });
      const { ARN: arn = '' } = await pair.motoAccount.secretsManager(region).send(create);
      const entry = { replicated: { versions: [{ id: version, value: replicated }], suffix: arn.slice(-6) } };
      pair.standIn.standIn.update({ secrets: { [region]: entry, [second]: entry } });
      const objects = `- { objectName: "${arn}", objectAlias: replicated }`;
      for (const down of [second, region]) {
        const mounted = await pair.withOutage(down, () => pair.mount({ objects, parameters }));
        assert.deepEqual(textsOf(mounted), { replicated });
        assert.deepEqual(mounted.versions, { replicated: version });
      }
    });

    const oneSided = [
      { what: 'a secret', missing: second, name: 'only-here', type: 'secretsmanager' },
      { what: 'a secret', missing: region, name: 'another-name', type: 'secretsmanager' },
      { what: 'a parameter', missing: second, name: '/only/here', type: 'ssmparameter' },
      { what: 'a parameter', missing: region, name: '/another/name', type: 'ssmparameter' },
    ];
    for (const { what, missing, name, type } of oneSided) {
      it(`refuses ${what} that ${missing} does not have, and says so`, async () => {
        const objects = `- { objectName: ${name}, objectType: ${type} }`;
        const { code, details } = await pair.failure({ objects, parameters });
        assert.equal(code, status.NOT_FOUND, details);
        const kind = type === 'ssmparameter' ? 'parameter' : 'secret';
        const where = missing === second ? `failover region ${second}` : region;
        assert.ok(details.includes(`"${name}": no such ${kind} in ${where}: `), details);
      });
    }

    it('fails when both regions are down, and names both', async () => {
      const failing = () => pair.failure({ objects: both, parameters });
      const { code, details } = await pair.withOutage(region, () => pair.withOutage(second, failing));
      assert.equal(code, status.INTERNAL, details);
      assert.match(details, /eu-west-1.*eu-central-1/s);
      assert.ok(!details.includes(account));
    });
  });
}
