import assert from 'node:assert/strict';
import { status, type ServiceError } from '@grpc/grpc-js';
import type { FaultEffect, Service } from '../../src/local/types.js';
import { texts, World } from '../support/world.js';

const primary = 'eu-west-1';
const secondary = 'eu-central-1';
const objects = `
- { objectName: db, objectType: secretsmanager }
- { objectName: flag, objectType: ssmparameter }
`;
const parameters = { region: primary, failoverRegion: secondary };

/** What a region does, and whether that is an answer which AWS would repeat. */
const behaviours: Readonly<Record<string, { effect?: FaultEffect; final?: boolean }>> = {
  ok: {},
  denied: { effect: { kind: 'error', status: 400, code: 'AccessDeniedException', message: 'no' }, final: true },
  missing: { effect: { kind: 'error', status: 400, code: 'ResourceNotFoundException', message: 'no' }, final: true },
  broken: { effect: { kind: 'error', status: 500, code: 'InternalServiceError' } },
  throttled: { effect: { kind: 'throttle' } },
  hanging: { effect: { kind: 'hang' } },
  closing: { effect: { kind: 'close' } },
};

function store(canaries: { value: (name: string) => string }) {
  const values = {
    primary: canaries.value('primary'),
    secondary: canaries.value('secondary'),
  };
  return {
    values,
    document: {
      secrets: { [primary]: { db: values.primary }, [secondary]: { db: values.secondary } },
      parameters: { [primary]: { flag: values.primary }, [secondary]: { flag: values.secondary } },
      roles: { app: {} },
      serviceAccounts: { 'ns/app': { role: 'app' } },
      podIdentityAssociations: { 'ns/app': 'app' },
    },
  };
}

/** An error of the call, rather than the texts of the files. */
function isFailure(result: Record<string, string> | ServiceError): result is ServiceError {
  return result instanceof Error;
}

describe('failover', function () {
  this.timeout(60_000);
  let world: World;
  let values: ReturnType<typeof store>['values'];
  // A world for each: what AWS throttled is paced for a minute after, which is slower than this failover time-out.
  beforeEach(async () => {
    world = await World.start({
      realHostNames: true,
      flags: ['--failover-timeout=400ms'],
      store: (canaries) => {
        const made = store(canaries);
        values = made.values;
        return made.document;
      },
    });
  });
  afterEach(() => world.stop());

  async function outcome(services: readonly Service[], first: string, second: string) {
    for (const [region, name] of [
      [primary, first],
      [secondary, second],
    ] as const) {
      const effect = behaviours[name]?.effect;
      for (const service of services) if (effect) world.standIn.fault({ service, region, effect });
    }
    try {
      const { tree } = await world.mount({ objects, parameters, deadlineMs: 3000 });
      return texts(tree);
    } catch (error) {
      return error as ServiceError;
    }
  }

  function expect(result: Awaited<ReturnType<typeof outcome>>, first: string, second: string, what: string): void {
    const [one, two] = [behaviours[first], behaviours[second]];
    if (one?.final || two?.final || (one?.effect && two?.effect)) {
      assert.ok(isFailure(result), `${what}: the mount succeeded`);
      const failing = one?.final || (!two?.final && one?.effect) ? primary : secondary;
      assert.match(result.details, new RegExp(failing), what);
    } else {
      const value = one?.effect ? values.secondary : values.primary;
      assert.deepEqual(result, { db: value, flag: value }, what);
    }
  }

  // STS is left out of the pairs whose end is the same for any service.
  for (const first of Object.keys(behaviours)) {
    it(`follows the rule when the primary is ${first} and the second region is anything`, async () => {
      for (const second of Object.keys(behaviours)) {
        const what = `primary ${first}, second ${second}`;
        expect(await outcome(['secretsmanager', 'ssm'], first, second), first, second, what);
        world.standIn.clearFaults();
      }
    });
  }

  for (const first of ['ok', 'denied', 'broken', 'hanging']) {
    it(`follows the rule when the primary’s STS is ${first}`, async () => {
      for (const second of ['ok', 'denied', 'broken', 'hanging']) {
        world.standIn.revokeCredentials();
        const match = { service: 'sts' } as const;
        for (const [region, name] of [[primary, first] as const, [secondary, second] as const]) {
          const effect =
            name === 'denied'
              ? ({ kind: 'error', status: 403, code: 'AccessDenied' } as const)
              : behaviours[name]?.effect;
          if (effect) world.standIn.fault({ ...match, region, effect });
        }
        // A pod of its own: credentials that a former mount earned would hide the fault.
        const pod = `sts-${first}-${second}`;
        const result = await world
          .mount({ objects, parameters, pod, deadlineMs: 3000 })
          .then(({ tree }) => texts(tree))
          .catch((error: unknown) => error as ServiceError);
        expect(result, first, second, `STS: primary ${first}, second ${second}`);
        world.standIn.clearFaults();
      }
    });
  }

  it('says which region refuses, why, and what to allow', async () => {
    world.standIn.fault({ region: secondary, service: 'ssm', effect: behaviours['denied']?.effect as FaultEffect });
    const error = await world.failure({ objects, parameters });
    assert.equal(error.code, status.PERMISSION_DENIED);
    assert.match(error.details, /eu-central-1/);
    assert.match(error.details, /ssm:GetParameters/);
    assert.match(error.details, /flag/);
    assert.doesNotMatch(error.details, /"db"/);
  });

  it('writes the second region’s value and reports its version, under the object’s own alias', async () => {
    world.standIn.update({
      secrets: { [secondary]: { other: { versions: [{ id: 'aaaaaaaa-0000-4000-8000-000000000002', value: 'x' }] } } },
    });
    world.standIn.fault({ region: primary, effect: { kind: 'close' } });
    const list = `
- objectName: db
  objectType: secretsmanager
  objectAlias: the-db
  failoverObject: { objectName: other }
`;
    const answer = await world.mount({ objects: list, parameters, pod: 'alias' });
    assert.deepEqual(texts(answer.tree), { 'the-db': 'x' });
    assert.equal(answer.versions['the-db'], 'aaaaaaaa-0000-4000-8000-000000000002');
  });

  it('asks for a primary’s ARN in the second region with its region exchanged', async () => {
    const suffix = 'AbCdEf';
    const [one, two] = [world.canaries.value('one'), world.canaries.value('two')];
    world.standIn.update({
      secrets: { [primary]: { repl: { value: one, suffix } }, [secondary]: { repl: { value: two, suffix } } },
    });
    world.standIn.fault({
      region: primary,
      service: 'secretsmanager',
      effect: { kind: 'error', status: 503, code: 'X' },
    });
    const name = `arn:aws:secretsmanager:${primary}:111122223333:secret:repl-${suffix}`;
    const answer = await world.mount({ objects: `[{ objectName: "${name}", objectAlias: r }]`, parameters });
    assert.deepEqual(texts(answer.tree), { r: two });
  });

  it('uses Pod Identity credentials in both regions', async () => {
    world.standIn.fault({ region: primary, service: 'secretsmanager', effect: { kind: 'throttle' } });
    const answer = await world.mount({ objects, parameters: { ...parameters, usePodIdentity: 'true' } });
    assert.equal(texts(answer.tree)['db'], values.secondary);
    assert.equal(texts(answer.tree)['flag'], values.primary);
  });
});

describe('failover with --tolerate-failover-denied', () => {
  let world: World;
  let values: ReturnType<typeof store>['values'];
  before(async () => {
    world = await World.start({
      flags: ['--tolerate-failover-denied'],
      store: (canaries) => {
        const made = store(canaries);
        values = made.values;
        return made.document;
      },
    });
  });
  after(() => world.stop());
  afterEach(() => {
    world.standIn.clearFaults();
  });

  it('mounts the primary’s value and warns in the log line when the second region denies', async () => {
    world.standIn.fault({ region: secondary, effect: behaviours['denied']?.effect as FaultEffect });
    const { tree } = await world.mount({ objects, parameters });
    assert.deepEqual(texts(tree), { db: values.primary, flag: values.primary });
    assert.match(JSON.stringify(world.provider.logLines().at(-1)?.['warnings']), /eu-central-1/);
  });

  it('fails all the same when the primary gave no answer', async () => {
    world.standIn.fault({ region: secondary, effect: behaviours['denied']?.effect as FaultEffect });
    world.standIn.fault({ region: primary, effect: { kind: 'close' } });
    const error = await world.failure({ objects, parameters });
    assert.match(error.details, /eu-central-1/);
  });

  it('fails when the second region says that the secret is not there', async () => {
    world.standIn.fault({ region: secondary, effect: behaviours['missing']?.effect as FaultEffect });
    const error = await world.failure({ objects, parameters });
    assert.equal(error.code, status.NOT_FOUND);
  });
});
