/** Whose credentials reach AWS: moto tells accounts apart by the access key, checks signatures, and asks IAM. */
import assert from 'node:assert/strict';
import { fromWebToken } from '@aws-sdk/credential-providers';
import { status } from '@grpc/grpc-js';
import type { StoreDocument } from '../../src/local/store-document.js';
import { Canaries } from '../support/canaries.js';
import { region, texts, World } from '../support/world.js';
import { startMotoServer, type MotoServer } from './moto-server.js';
import { MotoAccount, type Account } from './seed.js';

const first = '111122223333';
const second = '444455556666';
/** Of everybody whose access key moto does not know, as that of the stand-in's Pod Identity Agent. */
const strangers = '123456789012';

const roleOf = (account: string) => `arn:aws:iam::${account}:role/app`;
const objects = `
- { objectName: db, objectType: secretsmanager }
- { objectName: /app/level, objectType: ssmparameter, objectAlias: level }
`;

/** As the seeding of an account would assume its role. */
async function assume(moto: MotoServer, account: string): Promise<Account> {
  const clientConfig = { endpoint: moto.url, region };
  return fromWebToken({ roleArn: roleOf(account), webIdentityToken: 'seed', clientConfig })();
}

describe('identities before moto', () => {
  const canaries = new Canaries();
  const values = new Map([first, second, strangers].map((account) => [account, canaries.value(account)]));
  let moto: MotoServer;
  let world: World;

  before(async function () {
    this.timeout(60_000);
    moto = await startMotoServer();
    for (const [account, value] of values) {
      const seeding = new MotoAccount(moto.url, account === strangers ? undefined : await assume(moto, account));
      await seeding.seed({ secrets: { [region]: { db: value } }, parameters: { [region]: { '/app/level': value } } });
    }
    const store: StoreDocument = {
      roles: { [roleOf(first)]: {}, [roleOf(second)]: {} },
      serviceAccounts: { 'ns/first': { role: roleOf(first) }, 'ns/second': { role: roleOf(second) }, 'ns/agent': {} },
      podIdentityAssociations: { 'ns/agent': 'app' },
    };
    world = await World.start({
      environment: { AWS_ENDPOINT_URL: moto.url },
      store: (watched) => {
        for (const value of values.values()) watched.keep(value);
        return store;
      },
    });
  });
  // Moto first: it runs also when the world has not started.
  after(() => moto.stop());
  after(() => world.stop());

  const mountAs = (serviceAccount: string, tokens = world.tokens('ns', serviceAccount)) => ({
    objects,
    serviceAccount,
    tokens,
    parameters: { usePodIdentity: String(serviceAccount === 'agent') },
  });

  it('give each pod the values of its own account, also side by side', async () => {
    const expected = [
      ['first', first],
      ['second', second],
      ['agent', strangers],
    ] as const;
    const rounds = Array.from({ length: 4 }, () => expected).flat();
    await Promise.all(
      rounds.map(async ([serviceAccount, account]) => {
        const { tree } = await world.mount(mountAs(serviceAccount));
        assert.deepEqual(texts(tree), { db: values.get(account), level: values.get(account) });
      }),
    );
  });

  describe('once it checks signatures and asks IAM', () => {
    /** Credentials must be earned before: then moto refuses unsigned calls, which those of STS are. */
    const earned = new Map<string, string>();
    const policy = { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameters'], Resource: '*' };

    before(async () => {
      await allow(moto, first, [policy]);
      await allow(moto, second, [{ ...policy, Action: 'ssm:GetParameters' }]);
      for (const serviceAccount of ['first', 'second']) {
        const tokens = world.tokens('ns', serviceAccount);
        await world.mount(mountAs(serviceAccount, tokens));
        earned.set(serviceAccount, tokens);
      }
      await fetch(`${moto.url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
    });

    it('mounts what the role may read: signature, access key and session token are right', async () => {
      const { tree } = await world.mount(mountAs('first', earned.get('first')));
      assert.deepEqual(texts(tree), { db: values.get(first), level: values.get(first) });
    });

    // Moto puts these refusals in XML, which the JSON services of AWS never speak: no code of AWS is in them.
    it('refuses the whole mount for the one value that the role may not read', async () => {
      const { code, details } = await world.failure(mountAs('second', earned.get('second')));
      assert.equal(code, status.FAILED_PRECONDITION, details);
      assert.match(
        details,
        /^objects\[0\] "db": Secrets Manager in eu-west-1 .*HTTP 403.*check the endpoint URL[^;]*$/,
      );
    });

    it('refuses a mount whose access key AWS does not know', async () => {
      const { code, details } = await world.failure(mountAs('agent'));
      assert.equal(code, status.FAILED_PRECONDITION, details);
      assert.match(details, /"db".*HTTP 403.*"\/app\/level".*HTTP 403/);
    });
  });
});

/** IAM's own API, without a client of it: moto asks only who calls, and that is in the scope of the signature. */
async function allow(moto: MotoServer, account: string, statements: readonly object[]): Promise<void> {
  const { accessKeyId } = await assume(moto, account);
  const role = { RoleName: 'app', Version: '2010-05-08' };
  const calls = [
    { ...role, Action: 'CreateRole', AssumeRolePolicyDocument: policyDocument([]) },
    { ...role, Action: 'PutRolePolicy', PolicyName: 'read', PolicyDocument: policyDocument(statements) },
  ];
  for (const call of calls) {
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`;
    const answer = await fetch(moto.url, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams(call),
    });
    assert.equal(answer.status, 200, await answer.text());
  }
}

function policyDocument(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
