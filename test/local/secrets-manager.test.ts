/** The stand-in's Secrets Manager, judged by the SDK's client. */
import assert from 'node:assert/strict';
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { GetSecretValueCommandInput, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { startStandIn } from '../../src/local/stand-in.js';
import type { StandIn } from '../../src/local/types.js';
import { secretsManager } from '../support/stand-in-clients.js';

const oldId = 'aaaaaaaa-0000-4000-8000-000000000001';
const newId = 'aaaaaaaa-0000-4000-8000-000000000002';
const looseId = 'aaaaaaaa-0000-4000-8000-000000000003';
const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret';

describe('stand-in: Secrets Manager', () => {
  let standIn: StandIn;
  let client: SecretsManagerClient;
  let limited: SecretsManagerClient;

  before(async () => {
    standIn = await startStandIn({
      store: {
        secrets: {
          'eu-west-1': {
            'prod/db': {
              suffix: 'AbCdEf',
              versions: [
                { id: looseId, value: 'loose' },
                { id: oldId, value: 'old', stages: ['AWSPREVIOUS', 'blue'] },
                { id: newId, value: 'new' },
              ],
            },
            'prod/key': { binary: 'AP8BAg==' },
            gone: { value: 'x', deleted: true },
            other: 'for others',
            shared: { value: 'theirs', account: '999988887777', suffix: 'ShArEd' },
          },
          'eu-central-1': { 'prod/db': { suffix: 'AbCdEf', value: 'replica' } },
        },
        roles: {
          app: {},
          limited: {
            trust: ['default/*'],
            allow: [{ actions: ['secretsmanager:*'], resources: ['prod/*'] }],
            deny: [{ actions: ['secretsmanager:DescribeSecret'] }],
          },
          'no-kms': { trust: ['default/app'], allow: [{ actions: ['*'] }], deny: [{ actions: ['kms:Decrypt'] }] },
        },
        serviceAccounts: { 'default/app': { role: 'app' } },
      },
    });
    client = secretsManager(standIn);
    limited = secretsManager(standIn, { role: 'limited', sessionName: 'me' });
  });
  after(async () => {
    client.destroy();
    limited.destroy();
    await standIn.close();
  });

  const get = (input: GetSecretValueCommandInput, by = client) => by.send(new GetSecretValueCommand(input));

  const found: [string, GetSecretValueCommandInput, string, string][] = [
    ['by name', { SecretId: 'prod/db' }, 'new', newId],
    ['by ARN', { SecretId: `${arn}:prod/db-AbCdEf` }, 'new', newId],
    ['by ARN without suffix', { SecretId: `${arn}:prod/db` }, 'new', newId],
    ['by a standard label', { SecretId: 'prod/db', VersionStage: 'AWSPREVIOUS' }, 'old', oldId],
    ['by a label of its own', { SecretId: 'prod/db', VersionStage: 'blue' }, 'old', oldId],
    ['by version', { SecretId: 'prod/db', VersionId: oldId }, 'old', oldId],
    ['by a version without label', { SecretId: 'prod/db', VersionId: looseId }, 'loose', looseId],
    ['by version and label', { SecretId: 'prod/db', VersionId: newId, VersionStage: 'AWSCURRENT' }, 'new', newId],
  ];
  for (const [title, input, value, version] of found) {
    it(`finds a secret ${title}`, async () => {
      const answer = await get(input);
      assert.equal(answer.SecretString, value);
      assert.equal(answer.VersionId, version);
      assert.equal(answer.ARN, `${arn}:prod/db-AbCdEf`);
      assert.equal(answer.Name, 'prod/db');
      assert.ok(answer.CreatedDate instanceof Date);
    });
  }

  it('gives binary values as bytes', async () => {
    const answer = await get({ SecretId: 'prod/key' });
    assert.deepEqual(answer.SecretBinary, Uint8Array.of(0, 255, 1, 2));
    assert.equal(answer.SecretString, undefined);
  });

  it('keeps regions apart', async () => {
    const central = secretsManager(standIn, { region: 'eu-central-1' });
    const answer = await get({ SecretId: 'prod/db' }, central);
    assert.equal(answer.SecretString, 'replica');
    assert.equal(answer.ARN, 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/db-AbCdEf');
    central.destroy();
  });

  it('gives a secret of another account by its ARN only', async () => {
    const theirs = 'arn:aws:secretsmanager:eu-west-1:999988887777:secret:shared-ShArEd';
    assert.equal((await get({ SecretId: theirs })).SecretString, 'theirs');
    await assert.rejects(get({ SecretId: 'shared' }), { name: 'ResourceNotFoundException' });
  });

  it('describes a secret: its labelled versions, and when it was deleted', async () => {
    const answer = await client.send(new DescribeSecretCommand({ SecretId: 'prod/db' }));
    assert.deepEqual(answer.VersionIdsToStages, { [oldId]: ['AWSPREVIOUS', 'blue'], [newId]: ['AWSCURRENT'] });
    assert.equal(answer.DeletedDate, undefined);
    const deleted = await client.send(new DescribeSecretCommand({ SecretId: 'gone' }));
    assert.ok(deleted.DeletedDate instanceof Date);
  });

  const refused: [string, GetSecretValueCommandInput, string, RegExp][] = [
    [
      'an unknown name',
      { SecretId: 'nope' },
      'ResourceNotFoundException',
      /^Secrets Manager can't find the specified secret\.$/,
    ],
    [
      'an unknown label',
      { SecretId: 'prod/db', VersionStage: 'green' },
      'ResourceNotFoundException',
      /^Secrets Manager can't find the specified secret value for staging label: green$/,
    ],
    [
      'an unknown version',
      { SecretId: 'prod/db', VersionId: 'bbbbbbbb-0000-4000-8000-000000000001' },
      'ResourceNotFoundException',
      /specified secret value for VersionId: bbbbbbbb-0000-4000-8000-000000000001$/,
    ],
    [
      'a version that is too short',
      { SecretId: 'prod/db', VersionId: '3' },
      'ValidationException',
      /'versionId' failed to satisfy constraint: Member must have length greater than or equal to 32$/,
    ],
    [
      'a version without the given label',
      { SecretId: 'prod/db', VersionId: oldId, VersionStage: 'AWSCURRENT' },
      'InvalidRequestException',
      /VersionStage that is not associated to the provided VersionId/,
    ],
    ['a deleted secret', { SecretId: 'gone' }, 'InvalidRequestException', /it was marked for deletion\.$/],
    [
      'an ARN of another region',
      { SecretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/db-AbCdEf' },
      'ResourceNotFoundException',
      /can't find the specified secret/,
    ],
    [
      'an ARN of another account that shares nothing',
      { SecretId: 'arn:aws:secretsmanager:eu-west-1:444455556666:secret:x-AbCdEf' },
      'AccessDeniedException',
      /because no resource-based policy allows the secretsmanager:GetSecretValue action$/,
    ],
  ];
  for (const [title, input, name, message] of refused) {
    it(`refuses ${title}`, async () => {
      await assert.rejects(get(input), { name, message });
    });
  }

  it('denies in words that name session, action and resource, and does so before it looks for the secret', async () => {
    const user =
      'User: arn:aws:sts::111122223333:assumed-role/limited/me is not authorized to perform: secretsmanager:';
    const implicit = 'because no identity-based policy allows the secretsmanager:GetSecretValue action';
    const other = (await get({ SecretId: 'other' })).ARN ?? '';
    const name = 'AccessDeniedException';
    assert.equal((await get({ SecretId: 'prod/db' }, limited)).SecretString, 'new');
    await assert.rejects(get({ SecretId: 'other' }, limited), {
      name,
      message: `${user}GetSecretValue on resource: ${other} ${implicit}`,
    });
    await assert.rejects(get({ SecretId: 'nope' }, limited), {
      name,
      message: `${user}GetSecretValue on resource: nope ${implicit}`,
    });
    await assert.rejects(limited.send(new DescribeSecretCommand({ SecretId: 'prod/db' })), {
      name,
      message: `${user}DescribeSecret on resource: ${arn}:prod/db-AbCdEf with an explicit deny in an identity-based policy`,
    });
  });

  it('denies the value to a role that may not decrypt', async () => {
    const noKms = secretsManager(standIn, { role: 'no-kms' });
    const expected = { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' };
    await assert.rejects(get({ SecretId: 'prod/db' }, noKms), expected);
    noKms.destroy();
  });

  it('turns a changed value into a new version, and keeps an unchanged one', async () => {
    standIn.update({ secrets: { 'eu-west-1': { rotated: 'one' } } });
    const one = await get({ SecretId: 'rotated' });
    standIn.update({ secrets: { 'eu-west-1': { rotated: 'one' } } });
    assert.equal((await get({ SecretId: 'rotated' })).VersionId, one.VersionId);
    standIn.update({ secrets: { 'eu-west-1': { rotated: 'two' } } });
    const two = await get({ SecretId: 'rotated' });
    assert.equal(two.SecretString, 'two');
    assert.notEqual(two.VersionId, one.VersionId);
    const previous = await get({ SecretId: 'rotated', VersionStage: 'AWSPREVIOUS' });
    assert.deepEqual([previous.SecretString, previous.VersionId], ['one', one.VersionId]);
    standIn.update({ secrets: { 'eu-west-1': { rotated: null } } });
    await assert.rejects(get({ SecretId: 'rotated' }), { name: 'ResourceNotFoundException' });
  });
});
