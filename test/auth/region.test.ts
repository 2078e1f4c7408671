/** Where the region comes from, in order, and what is remembered. */
import assert from 'node:assert/strict';
import type { KubernetesApi } from '../../src/auth/kubernetes.js';
import { RegionFinder } from '../../src/auth/region.js';
import { ProviderError } from '../../src/errors.js';
import { testContext } from '../support/contexts.js';
import { failsWith, requestOf } from '../support/identity-servers.js';

const stable = 'topology.kubernetes.io/region';
const older = 'failure-domain.beta.kubernetes.io/region';

interface Cluster {
  node?: string | undefined;
  labels?: Record<string, string> | undefined;
  failure?: ProviderError | undefined;
  readonly asked: string[];
}

function clusterOf(cluster: Cluster): KubernetesApi {
  const answer = <T>(question: string, value: T): Promise<T> => {
    cluster.asked.push(question);
    return cluster.failure === undefined ? Promise.resolve(value) : Promise.reject(cluster.failure);
  };
  return {
    serviceAccount: () => assert.fail('no need to read a service account'),
    podNode: (namespace, name) => answer(`pod ${namespace}/${name}`, cluster.node),
    nodeLabels: (name) => answer(`node ${name}`, cluster.labels && new Map(Object.entries(cluster.labels))),
  };
}

const unknownToAll =
  'set the parameter region of the SecretProviderClass, or name the objects by ARN, or set AWS_REGION';

describe('the region of a mount', () => {
  let cluster: Cluster;
  beforeEach(() => {
    cluster = { node: 'n1', labels: { [stable]: 'eu-west-1', [older]: 'us-west-2' }, asked: [] };
  });

  const finder = (options: { environmentRegion?: string; nodeName?: string } = {}) =>
    new RegionFinder({ kubernetes: clusterOf(cluster), ...options });
  const resolve = (of: RegionFinder, rest: Parameters<typeof requestOf>[0] = {}) =>
    of.resolve(requestOf(rest), testContext());

  it('is the parameter, before everything else', async () => {
    const of = finder({ environmentRegion: 'us-east-1' });
    assert.deepEqual(await resolve(of, { region: 'sa-east-1', arnRegion: 'us-east-2' }), { primary: 'sa-east-1' });
    assert.deepEqual(cluster.asked, []);
  });

  it('is else that of the ARNs', async () => {
    assert.deepEqual(await resolve(finder({ environmentRegion: 'us-east-1' }), { arnRegion: 'us-east-2' }), {
      primary: 'us-east-2',
    });
  });

  it('is else AWS_REGION', async () => {
    assert.deepEqual(await resolve(finder({ environmentRegion: 'us-east-1' })), { primary: 'us-east-1' });
    assert.deepEqual(cluster.asked, []);
  });

  it('is else the label of the node in NODE_NAME', async () => {
    assert.deepEqual(await resolve(finder({ nodeName: 'here' })), { primary: 'eu-west-1' });
    assert.deepEqual(cluster.asked, ['node here']);
  });

  it("is else the label of the pod's node", async () => {
    assert.deepEqual(await resolve(finder()), { primary: 'eu-west-1' });
    assert.deepEqual(cluster.asked, ['pod shop/web-0', 'node n1']);
  });

  it('is the older label of a node without the other', async () => {
    cluster.labels = { [older]: 'us-west-2' };
    assert.deepEqual(await resolve(finder()), { primary: 'us-west-2' });
  });

  it('is remembered by the name of the node', async () => {
    const of = finder({ nodeName: 'here' });
    await resolve(of);
    cluster.labels = { [stable]: 'changed-1' };
    assert.deepEqual(await resolve(of), { primary: 'eu-west-1' });
    assert.deepEqual(cluster.asked, ['node here']);
  });

  it('is not that of another node', async () => {
    const of = finder();
    await resolve(of);
    cluster.node = 'n2';
    cluster.labels = { [stable]: 'ap-south-1' };
    assert.deepEqual(await resolve(of), { primary: 'ap-south-1' });
  });

  it('is looked for again after a failure', async () => {
    const of = finder({ nodeName: 'here' });
    cluster.failure = new ProviderError('kubernetes_denied', 'allow get on nodes');
    await failsWith(resolve(of), 'kubernetes_denied', /^the region is not known: allow get on nodes; or set the/);
    cluster.failure = undefined;
    cluster.labels = {};
    await failsWith(resolve(of), 'region_unknown', /node "here" has no label topology\.kubernetes\.io\/region/);
    cluster.labels = { [stable]: 'eu-west-1' };
    assert.deepEqual(await resolve(of), { primary: 'eu-west-1' });
  });

  it('is unknown, with every way to set it, when nothing tells it', async () => {
    cluster.labels = undefined;
    const ways = new RegExp(unknownToAll);
    await failsWith(resolve(finder()), 'region_unknown', /node "n1" does not exist/, ways);
    cluster.node = undefined;
    await failsWith(resolve(finder()), 'region_unknown', /the node of pod "shop\/web-0"/, ways);
  });

  for (const bad of ['evil.example/', 'aws-global', 'fips-us-east-1', 'EU-WEST-1']) {
    it(`is not ${bad}, wherever that comes from`, async () => {
      await failsWith(
        resolve(finder({ environmentRegion: bad })),
        'region_unknown',
        /^AWS_REGION of the provider is "/,
      );
      cluster.labels = { [stable]: bad, [older]: 'eu-west-1' };
      await failsWith(resolve(finder()), 'region_unknown', /^label topology\.kubernetes\.io\/region of node "n1" is "/);
    });
  }

  it('comes with the failover region, which must be another one', async () => {
    assert.deepEqual(await resolve(finder(), { failoverRegion: 'eu-central-1' }), {
      primary: 'eu-west-1',
      failover: 'eu-central-1',
    });
    await failsWith(
      resolve(finder(), { failoverRegion: 'eu-west-1' }),
      'invalid_parameter',
      /failoverRegion "eu-west-1" is the primary region already/,
    );
  });
});
