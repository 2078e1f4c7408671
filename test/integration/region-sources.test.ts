/** Where the region of a mount comes from, in the built provider: each source alone, and before the next. */
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { StoreDocument } from '../../src/local/store-document.js';
import { account, region, texts, World, type WorldMount } from '../support/world.js';

const other = 'us-east-2';
const plain = '- { objectName: s, objectType: secretsmanager, objectAlias: s }';
const arn = (place: string) =>
  `- { objectName: "arn:aws:secretsmanager:${place}:${account}:secret:s", objectAlias: by-arn }`;

const store = (): StoreDocument => ({
  secrets: { [region]: { s: region }, [other]: { s: other } },
  roles: { app: {} },
  serviceAccounts: { 'ns/app': { role: 'app' }, 'ns/no-role': {} },
  pods: { 'ns/app-pod': { node: 'labelled' }, 'ns/lost': { node: 'gone' } },
  nodes: {
    labelled: { region: other },
    old: { labels: { 'failure-domain.beta.kubernetes.io/region': other } },
    both: { labels: { 'topology.kubernetes.io/region': region, 'failure-domain.beta.kubernetes.io/region': other } },
    bare: {},
    bad: { labels: { 'topology.kubernetes.io/region': 'no region' } },
  },
});

async function within(environment: Record<string, string>, test: (world: World) => Promise<void>): Promise<void> {
  const world = await World.start({ store, environment, flags: ['--qps=1000', '--burst=2000'] });
  try {
    await test(world);
  } finally {
    await world.stop();
  }
}

/** The regions that the files of a mount came from, by file name. */
async function sources(world: World, mount: Partial<WorldMount> = {}): Promise<Record<string, string>> {
  return texts((await world.mount({ objects: plain, ...mount })).tree);
}

function kubernetesCalls(world: World): readonly string[] {
  return world.standIn.requests.filter(({ service }) => service === 'kubernetes').map(({ action }) => action);
}

describe('the region of a mount, whole program', function () {
  this.timeout(15_000);

  it('is the parameter, else that of the ARNs, else AWS_REGION, without a look at the node', () =>
    within({ AWS_REGION: region, NODE_NAME: 'labelled' }, async (world) => {
      assert.deepEqual(await sources(world, { parameters: { region: other } }), { s: other });
      assert.deepEqual(await sources(world, { objects: `${arn(other)}\n${plain}` }), { 'by-arn': other, s: other });
      assert.deepEqual(await sources(world), { s: region });
      assert.deepEqual(new Set(kubernetesCalls(world)), new Set(['get serviceaccounts']));
    }));

  it('is not that of a failoverObject’s ARN', () =>
    within({ AWS_REGION: region }, async (world) => {
      const objects = `- { objectName: s, objectType: secretsmanager, objectAlias: a, failoverObject: { objectName: "arn:aws:secretsmanager:${other}:${account}:secret:s" } }`;
      assert.deepEqual(await sources(world, { objects, parameters: { failoverRegion: other } }), { a: region });
    }));

  it('is the label of the node in NODE_NAME, read once and without the pod', () =>
    within({ AWS_REGION: '', NODE_NAME: 'labelled' }, async (world) => {
      assert.deepEqual(await sources(world), { s: other });
      assert.deepEqual(await sources(world), { s: other });
      assert.deepEqual(kubernetesCalls(world).toSorted(), ['get nodes', 'get serviceaccounts', 'get serviceaccounts']);
      const error = await world.failure({ objects: plain, parameters: { failoverRegion: other } });
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.match(error.details, /failoverRegion "us-east-2" is the primary region/);
    }));

  it('is the node’s older label only without the other', async () => {
    await within({ AWS_REGION: '', NODE_NAME: 'old' }, async (world) => {
      assert.deepEqual(await sources(world), { s: other });
    });
    await within({ AWS_REGION: '', NODE_NAME: 'both' }, async (world) => {
      assert.deepEqual(await sources(world), { s: region });
    });
  });

  it('is that of the pod’s node without NODE_NAME', () =>
    within({ AWS_REGION: '' }, async (world) => {
      assert.deepEqual(await sources(world), { s: other });
      assert.deepEqual(kubernetesCalls(world).toSorted(), ['get nodes', 'get pods', 'get serviceaccounts']);
      const lost = await world.failure({ objects: plain, pod: 'lost' });
      assert.equal(lost.code, status.FAILED_PRECONDITION);
      assert.match(lost.details, /node "gone" does not exist; set the parameter region/);
      world.standIn.fault({ action: 'get pods', effect: { kind: 'error', status: 403, code: 'Forbidden' } });
      const denied = await world.failure({ objects: plain });
      assert.equal(denied.code, status.PERMISSION_DENIED);
      assert.match(denied.details, /pod "ns\/app-pod".*verb get on pods; or set the parameter region/);
    }));

  it('is looked for again after a failure, and told with what else is wrong', () =>
    within({ AWS_REGION: '', NODE_NAME: 'bare' }, async (world) => {
      const error = await world.failure({ objects: plain, serviceAccount: 'no-role' });
      assert.equal(error.code, status.FAILED_PRECONDITION);
      assert.match(
        error.details,
        /node "bare" has no label topology.kubernetes.io\/region.*"ns\/no-role" has no annotation/,
      );
      world.standIn.update({ nodes: { bare: { region: other } } });
      assert.deepEqual(await sources(world), { s: other });
    }));

  it('refuses a label and a variable that are no region, unless the parameter makes them idle', async () => {
    await within({ AWS_REGION: '', NODE_NAME: 'bad' }, async (world) => {
      const error = await world.failure({ objects: plain });
      assert.equal(error.code, status.FAILED_PRECONDITION);
      assert.match(error.details, /label topology.kubernetes.io\/region of node "bad" is "no region"/);
    });
    await within({ AWS_REGION: 'not.a.region' }, async (world) => {
      assert.match((await world.failure({ objects: plain })).details, /AWS_REGION of the provider is "not.a.region"/);
      assert.deepEqual(await sources(world, { parameters: { region } }), { s: region });
    });
  });
});
