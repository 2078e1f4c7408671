/** How many calls a steady hour of rotation costs, on a clock of the test's own. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ok, startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint.js';
import { testContext } from '../support/contexts.js';
import { fakeIdentity, items, secret, sourceAt } from '../support/provider-fakes.js';

const republishMs = 75_000;
const hourMs = 3_600_000;

describe('an hour of rotation', function () {
  this.timeout(60_000);
  let endpoint: AwsEndpoint;
  before(async () => {
    endpoint = await startAwsEndpoint(({ action }) =>
      action === 'DescribeSecret'
        ? ok({ VersionIdsToStages: { v1: ['AWSCURRENT'] } }, 0)
        : ok({ VersionId: 'v1', SecretString: 'x' }, 0),
    );
  });
  after(() => endpoint.stop());

  /** Calls from the second hour on: in the first one the pods start. */
  const callsOfAnHour = async (offsetsMs: readonly number[]) => {
    let now = 0;
    const cache = { ttlMs: 60_000, staleMs: 0, maxBytes: 4 * 1024 * 1024, nowMs: () => now };
    const { source } = sourceAt(endpoint, { cache });
    const identity = fakeIdentity();
    const queries = items(...Array.from({ length: 5 }, (_, index) => secret(`s${index}`)));
    const mounts = offsetsMs.flatMap((offset, pod) =>
      Array.from({ length: 2 * (hourMs / republishMs) }, (_, turn) => ({ pod, atMs: offset + turn * republishMs })),
    );
    mounts.sort((a, b) => a.atMs - b.atMs);
    let counted = false;
    for (const { pod, atMs } of mounts) {
      now = atMs;
      if (!counted && atMs >= hourMs) {
        (endpoint.requests as unknown[]).length = 0;
        counted = true;
      }
      const order = { items: queries, identity, namespace: 'ns', volume: `pod-${pod}`, revalidate: false };
      const { delivered, release } = await source.fetch(order, testContext());
      delivered();
      release();
    }
    const fetches = endpoint.requests.filter(({ action }) => action === 'GetSecretValue').length;
    return { all: endpoint.requests.length, fetches };
  };

  it('costs 10 pods with 5 secrets at most 360 calls, however they are spread, and two fetches a secret where the hour begins and ends with one', async () => {
    const spread = fc.array(fc.integer({ min: 0, max: republishMs - 1 }), { minLength: 10, maxLength: 10 });
    const even = Array.from({ length: 10 }, (_, pod) => pod * (republishMs / 10));
    await fc.assert(
      fc.asyncProperty(spread, async (offsets) => {
        const { all, fetches } = await callsOfAnHour(offsets);
        assert.ok(all <= 359, `${all} calls`);
        assert.ok(fetches <= 10, `${fetches} fetches`);
      }),
      { numRuns: 5, examples: [[even], [Array<number>(10).fill(0)]] },
    );
  });
});
