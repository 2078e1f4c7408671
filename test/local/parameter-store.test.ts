/** The stand-in's Parameter Store, judged by the SDK's client. */
import assert from 'node:assert/strict';
import { GetParameterCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { startStandIn } from '../../src/local/stand-in.js';
import type { StandIn } from '../../src/local/types.js';
import { parameterStore } from '../support/stand-in-clients.js';

const arn = 'arn:aws:ssm:eu-west-1:111122223333:parameter';
const secretVersion = 'aaaaaaaa-0000-4000-8000-000000000001';

const store = {
  secrets: { 'eu-west-1': { db: { versions: [{ id: secretVersion, value: 'secret' }] }, denied: 'x' } },
  parameters: {
    'eu-west-1': {
      '/prod/url': 'https://one',
      '/prod/key': {
        type: 'SecureString',
        versions: [{ value: 'v1', labels: ['stable'] }, { value: 'v2' }, { value: 'v3', labels: ['next', 'beta'] }],
      },
      plain: 'bare',
      hidden: 'x',
    },
  },
  roles: {
    app: {
      trust: ['default/app'],
      allow: [
        { actions: ['ssm:GetParameters'], resources: ['/prod/*', 'plain', 'missing*', '/aws/reference/*'] },
        { actions: ['secretsmanager:GetSecretValue'], resources: ['db', 'nope'] },
      ],
    },
    'no-kms': { trust: ['default/app'], allow: [{ actions: ['*'] }], deny: [{ actions: ['kms:*'] }] },
  },
} as const;

describe('stand-in: Parameter Store', () => {
  let standIn: StandIn;
  let client: SSMClient;

  before(async () => {
    standIn = await startStandIn({ store });
    client = parameterStore(standIn);
  });
  after(async () => {
    client.destroy();
    await standIn.close();
  });

  const get = async (Names: string[], WithDecryption = true, by = client) => {
    const { Parameters = [], InvalidParameters } = await by.send(new GetParametersCommand({ Names, WithDecryption }));
    return { parameters: Parameters, invalid: InvalidParameters };
  };
  const values = async (...names: string[]) => (await get(names)).parameters.map((one) => one.Value);

  it('answers in alphabetical order with bare names, versions, types and ARNs', async () => {
    const { parameters, invalid } = await get(['plain', '/prod/url', '/prod/key']);
    assert.deepEqual(
      parameters.map(({ Name, Value, Version, Type, ARN, Selector }) => [Name, Value, Version, Type, ARN, Selector]),
      [
        ['/prod/key', 'v3', 3, 'SecureString', `${arn}/prod/key`, undefined],
        ['/prod/url', 'https://one', 1, 'String', `${arn}/prod/url`, undefined],
        ['plain', 'bare', 1, 'String', `${arn}/plain`, undefined],
      ],
    );
    assert.deepEqual(invalid, []);
  });

  it('takes version and label as selectors, and gives them apart from the name', async () => {
    const { parameters } = await get(['/prod/key:1', '/prod/key:beta', `${arn}/prod/key:2`]);
    const seen = parameters.map(({ Name, Selector, Value, Version }) => [Name, Selector, Value, Version]);
    assert.deepEqual(
      new Set(seen.map(String)),
      new Set(['/prod/key,:1,v1,1', '/prod/key,:beta,v3,3', '/prod/key,:2,v2,2']),
    );
  });

  it('leaves the selector out when told to, as others do', async () => {
    const other = await startStandIn({ store, omitSelectors: true });
    const otherClient = parameterStore(other);
    const { parameters } = await get(['/prod/key:1'], true, otherClient);
    assert.deepEqual([parameters[0]?.Value, parameters[0]?.Selector], ['v1', undefined]);
    otherClient.destroy();
    await other.close();
  });

  it('takes `p` and `/p` as one parameter', async () => {
    assert.deepEqual(await values('/plain'), ['bare']);
    assert.deepEqual(await values(`${arn}/plain`), ['bare']);
  });

  it('names invalid parameters, unknown versions and labels, and other regions', async () => {
    const elsewhere = 'arn:aws:ssm:eu-central-1:111122223333:parameter/prod/url';
    const names = ['missing', '/prod/key:9', '/prod/key:none', '/prod/url', elsewhere];
    const { parameters, invalid } = await get(names);
    assert.deepEqual(invalid, ['missing', '/prod/key:9', '/prod/key:none', elsewhere]);
    assert.equal(parameters.length, 1);
  });

  it('keeps a SecureString encrypted without WithDecryption', async () => {
    const { parameters } = await get(['/prod/key', '/prod/url'], false);
    assert.notEqual(parameters[0]?.Value, 'v3');
    assert.equal(parameters[1]?.Value, 'https://one');
  });

  it('takes ten names and refuses eleven, none and the same twice', async () => {
    const names = Array.from({ length: 11 }, (_, index) => `missing${index}`);
    assert.equal((await get(names.slice(1))).invalid?.length, 10);
    const name = 'ValidationException';
    await assert.rejects(get(names), { name, message: /'names' failed .* less than or equal to 10$/ });
    await assert.rejects(get([]), { name, message: /'names' failed .* greater than or equal to 1$/ });
    await assert.rejects(get(['plain', 'plain']), { name, message: /Duplicate/ });
  });

  it('denies the whole call when one name is not allowed', async () => {
    await assert.rejects(get(['/prod/url', 'hidden']), {
      name: 'AccessDeniedException',
      message: `User: arn:aws:sts::111122223333:assumed-role/app/default@app is not authorized to perform: ssm:GetParameters on resource: ${arn}/hidden because no identity-based policy allows the ssm:GetParameters action`,
    });
  });

  it('denies a SecureString, and no String, to a role that may not decrypt', async () => {
    const noKms = parameterStore(standIn, { role: 'no-kms' });
    assert.equal((await get(['/prod/url'], true, noKms)).parameters[0]?.Value, 'https://one');
    await assert.rejects(get(['/prod/key'], true, noKms), { name: 'AccessDeniedException', message: /ciphertext/ });
    noKms.destroy();
  });

  it('reads a secret by reference, with version 0 and the secret in SourceResult', async () => {
    const name = '/aws/reference/secretsmanager/db';
    const { parameters } = await get([name]);
    assert.deepEqual([parameters[0]?.Name, parameters[0]?.Value, parameters[0]?.Version], [name, 'secret', 0]);
    const source: unknown = JSON.parse(parameters[0]?.SourceResult ?? '');
    assert.equal((source as { VersionId: string }).VersionId, secretVersion);
    assert.deepEqual(await values(`${name}:AWSCURRENT`), ['secret']);
    assert.deepEqual(await values(`${name}:${secretVersion}`), ['secret']);
    assert.deepEqual((await get(['/aws/reference/secretsmanager/nope'])).invalid, [
      '/aws/reference/secretsmanager/nope',
    ]);
  });

  it('asks the role for the secret too, and refuses a reference without decryption', async () => {
    await assert.rejects(get(['/aws/reference/secretsmanager/denied']), {
      name: 'AccessDeniedException',
      message: /when referencing Secrets Manager: User: .* secretsmanager:GetSecretValue/,
    });
    await assert.rejects(get(['/aws/reference/secretsmanager/db'], false), {
      name: 'ValidationException',
      message: /WithDecryption/,
    });
  });

  it('counts versions up when a value changes', async () => {
    standIn.update({ parameters: { 'eu-west-1': { '/prod/new': 'a' } } });
    standIn.update({ parameters: { 'eu-west-1': { '/prod/new': 'a' } } });
    standIn.update({ parameters: { 'eu-west-1': { '/prod/new': 'b' } } });
    const { parameters } = await get(['/prod/new', '/prod/new:1']);
    assert.deepEqual(new Set(parameters.map((one) => `${one.Version}${one.Value}`)), new Set(['2b', '1a']));
  });

  it('knows no operation but GetParameters', async () => {
    await assert.rejects(client.send(new GetParameterCommand({ Name: 'plain' })), {
      name: 'UnknownOperationException',
    });
  });
});
