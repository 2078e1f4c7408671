/** Which SDK clients are kept: they are cheap to make, and each holds memory. */
import assert from 'node:assert/strict';
import { clientsKept } from '../../../src/budgets.js';
import { readNetwork } from '../../../src/network/network.js';
import { createTransport } from '../../../src/network/transport.js';
import { AwsClients } from '../../../src/provider/calls/clients.js';
import { credentials } from '../../support/provider-fakes.js';

describe('SDK clients', () => {
  const clientsOf = () =>
    new AwsClients({
      aws: { useFips: false, useDualstack: false, stsFips: true, endpoints: {}, appId: 'test' },
      requestHandler: createTransport(readNetwork({})).requestHandler,
      attempts: 3,
    });

  it('are one for each service, region and very set of credentials', async () => {
    const clients = clientsOf();
    const [one, equal] = [credentials('AKID'), credentials('AKID')];
    assert.equal(clients.secretsManager(one, 'us-west-2'), clients.secretsManager(one, 'us-west-2'));
    assert.equal(await clients.ssm(one, 'us-west-2'), await clients.ssm(one, 'us-west-2'));
    assert.notEqual(clients.secretsManager(one, 'us-west-2'), clients.secretsManager(one, 'eu-west-1'));
    assert.notEqual(clients.secretsManager(one, 'us-west-2'), clients.secretsManager(equal, 'us-west-2'));
  });

  it('are kept for the sets of credentials that came last', () => {
    const clients = clientsOf();
    const all = Array.from({ length: clientsKept + 1 }, (_, index) => credentials(`AKID${index}`));
    const made = all.map((given) => clients.secretsManager(given, 'us-west-2'));
    const isKept = (index: number) => {
      const given = all[index];
      assert.ok(given);
      return clients.secretsManager(given, 'us-west-2') === made[index];
    };
    assert.deepEqual([isKept(clientsKept), isKept(1), isKept(0)], [true, true, false]);
  });
});
