/** Brings a stand-in's store into moto, with AWS's own clients. */
import assert from 'node:assert/strict';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { LabelParameterVersionCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type {
  Entries,
  ParameterDocument,
  SecretDocument,
  SecretVersionDocument,
  StoreDocument,
} from '../../src/local/store-document.js';
import { derivedUuid } from '../../src/local/store-merge.js';

export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Moto takes any key for one of its default account. */
const anyone: Account = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' };

type Values<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

/** The secrets and parameters of a document, and clients to change them later. */
export class MotoAccount {
  readonly #config: { readonly endpoint: string; readonly credentials: Account };

  constructor(endpoint: string, credentials: Account = anyone) {
    this.#config = { endpoint, credentials };
  }

  secretsManager(region: string): SecretsManagerClient {
    return new SecretsManagerClient({ ...this.#config, region });
  }

  parameterStore(region: string): SSMClient {
    return new SSMClient({ ...this.#config, region });
  }

  /**
   * Creates everything that the document names.
   * @returns the document with the ids of all versions, and with the ARN suffixes that moto has given
   */
  async seed(document: StoreDocument): Promise<StoreDocument> {
    const secrets = await mapEntries(document.secrets, (region, name, entry) =>
      this.#createSecret(region, name, entry),
    );
    await mapEntries(document.parameters, (region, name, entry) => this.#createParameter(region, name, entry));
    return { ...document, secrets };
  }

  async #createSecret(region: string, name: string, entry: string | SecretDocument): Promise<SecretDocument> {
    const client = this.secretsManager(region);
    const document = typeof entry === 'string' ? { value: entry } : entry;
    const versions = (document.versions ?? [document]).map((version, index) =>
      withId(version, `${region}/${name}/${String(index)}`),
    );
    const [first, ...later] = versions;
    assert.ok(first, `secret ${name} has no version`);
    const { ARN: arn = '' } = await client.send(new CreateSecretCommand({ Name: name, ...valueInput(first) }));
    for (const stage of customStages(first)) {
      // CreateSecret takes none.
      const move = { SecretId: name, VersionStage: stage, MoveToVersionId: first.id };
      await client.send(new UpdateSecretVersionStageCommand(move));
    }
    for (const version of later) await putVersion(client, name, version);
    await checkStages(client, name, versions);
    if (document.deleted === true) await client.send(new DeleteSecretCommand({ SecretId: name }));
    return { versions, suffix: arn.slice(-6), ...(document.deleted === true && { deleted: true }) };
  }

  async #createParameter(region: string, name: string, entry: string | ParameterDocument): Promise<void> {
    const client = this.parameterStore(region);
    const document = typeof entry === 'string' ? { value: entry } : entry;
    for (const { value, labels } of document.versions ?? [{ value: document.value ?? '', labels: [] }]) {
      const { Version } = await client.send(
        new PutParameterCommand({ Name: name, Value: value, Type: document.type ?? 'String', Overwrite: true }),
      );
      if (!labels || labels.length === 0) continue;
      await client.send(
        new LabelParameterVersionCommand({ Name: name, ParameterVersion: Version, Labels: [...labels] }),
      );
    }
  }
}

function customStages({ stages = [] }: SecretVersionDocument): readonly string[] {
  return stages.filter((stage) => stage !== 'AWSCURRENT' && stage !== 'AWSPREVIOUS');
}

/** AWS moves AWSCURRENT and AWSPREVIOUS by itself when a version becomes the current one. */
export async function putVersion(
  client: SecretsManagerClient,
  name: string,
  version: SecretVersionDocument,
): Promise<void> {
  const stages = (version.stages ?? []).filter((stage) => stage !== 'AWSPREVIOUS');
  const staged = stages.length > 0 ? { VersionStages: stages } : {};
  await client.send(new PutSecretValueCommand({ SecretId: name, ...staged, ...valueInput(version) }));
}

function withId({ id, stages, value, binary }: SecretVersionDocument, seed: string): SecretVersionDocument {
  const content = binary === undefined ? { value: value ?? '' } : { binary };
  return { id: id ?? derivedUuid(seed), ...(stages && { stages }), ...content };
}

function valueInput({ id, value, binary }: SecretVersionDocument) {
  const content = binary === undefined ? { SecretString: value } : { SecretBinary: Buffer.from(binary, 'base64') };
  return { ClientRequestToken: id, ...content };
}

/** Both sides must begin alike: moto has moved the stages as the document says, or as the stand-in would by default. */
async function checkStages(
  client: SecretsManagerClient,
  name: string,
  versions: readonly SecretVersionDocument[],
): Promise<void> {
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: name }));
  const defaults = ['AWSCURRENT', 'AWSPREVIOUS'];
  versions.forEach(({ id = '', stages }, index) => {
    const expected = stages ?? defaults.slice(versions.length - 1 - index).slice(0, 1);
    assert.deepEqual([...(VersionIdsToStages[id] ?? [])].sort(), [...expected].sort(), `stages of ${name} ${id}`);
  });
}

async function mapEntries<Item, Made>(
  regions: Readonly<Record<string, Entries<Item>>> | undefined,
  make: (region: string, name: string, item: Item) => Promise<Made>,
): Promise<Values<Made>> {
  const made: Record<string, Record<string, Made>> = {};
  for (const [region, entries] of Object.entries(regions ?? {})) {
    const named: Record<string, Made> = (made[region] = {});
    for (const [name, item] of Object.entries(entries)) {
      if (item !== null) named[name] = await make(region, name, item);
    }
  }
  return made;
}
