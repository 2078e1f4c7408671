/** Secrets Manager: GetSecretValue and DescribeSecret. */
import { Refusal, awsJson } from './answer.js';
import type { Answer } from './answer.js';
import { authorize, mayDecrypt } from './policy.js';
import type { Recognized } from './recognize.js';
import type { Session } from './sessions.js';
import type { StoredSecret, StoredSecretVersion } from './store.js';
import type { World } from './world.js';

export interface SecretQuery {
  /** Name, ARN, or ARN without its suffix. */
  readonly id: string;
  readonly region: string;
  readonly versionId?: string | undefined;
  readonly stage?: string | undefined;
}

/** @throws Refusal in AWS's words */
export function answerSecretsManager(recognized: Recognized, session: Session, world: World): Answer {
  const query = readQuery(recognized);
  switch (recognized.action) {
    case 'GetSecretValue':
      return awsJson(readSecret(query, session, world));
    case 'DescribeSecret':
      return awsJson(describeSecret(query, session, world));
    default:
      throw new Refusal(400, 'UnknownOperationException', '');
  }
}

/**
 * What GetSecretValue answers, after IAM was asked.
 * @throws Refusal in AWS's words
 */
export function readSecret(query: SecretQuery, session: Session, world: World): Record<string, unknown> {
  const secret = authorizedSecret(query, 'secretsmanager:GetSecretValue', session, world);
  if (secret.deletedAt !== undefined) {
    throw new Refusal(
      400,
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }
  const version = findVersion(secret, query);
  if (!mayDecrypt(world.store, session, { region: query.region, arn: secret.arn, name: secret.name })) {
    throw new Refusal(400, 'AccessDeniedException', 'Access to KMS is not allowed');
  }
  return {
    ARN: secret.arn,
    CreatedDate: version.createdAt / 1000,
    Name: secret.name,
    ...(typeof version.value === 'string'
      ? { SecretString: version.value }
      : { SecretBinary: version.value.toString('base64') }),
    VersionId: version.id,
    VersionStages: version.stages,
  };
}

function describeSecret(query: SecretQuery, session: Session, world: World): Record<string, unknown> {
  const secret = authorizedSecret(query, 'secretsmanager:DescribeSecret', session, world);
  const staged = secret.versions.filter((version) => version.stages.length > 0);
  return {
    ARN: secret.arn,
    Name: secret.name,
    CreatedDate: secret.createdAt / 1000,
    LastChangedDate: (secret.versions.at(-1)?.createdAt ?? secret.createdAt) / 1000,
    ...(secret.deletedAt === undefined ? {} : { DeletedDate: secret.deletedAt / 1000 }),
    VersionIdsToStages: Object.fromEntries(staged.map((version) => [version.id, version.stages])),
  };
}

function readQuery({ parameters, region }: Recognized): SecretQuery {
  const { SecretId: id, VersionId: versionId, VersionStage: stage } = parameters;
  if (typeof id !== 'string' || id === '') {
    const problem = "Value at 'secretId' failed to satisfy constraint: Member must not be null";
    throw new Refusal(400, 'ValidationException', `1 validation error detected: ${problem}`);
  }
  return { id, region: region ?? '', versionId: optionalText(versionId), stage: optionalText(stage) };
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** IAM is asked before AWS says whether the secret exists. */
function authorizedSecret(query: SecretQuery, action: string, session: Session, world: World): StoredSecret {
  const { id, region } = query;
  const secret = findSecret(query, session, world);
  const fallback = `arn:${world.store.partition}:secretsmanager:${region}:${session.account}:secret:${id}`;
  authorize(world.store, session, {
    action,
    region,
    arn: secret?.arn ?? (id.startsWith('arn:') ? id : fallback),
    name: secret?.name ?? (id.startsWith('arn:') ? id.split(':').slice(6).join(':').slice(0, -7) : id),
    shown: secret?.arn ?? id,
  });
  if (!secret) throw notFound("Secrets Manager can't find the specified secret.");
  return secret;
}

function findSecret({ id, region }: SecretQuery, session: Session, world: World): StoredSecret | undefined {
  const regional = world.store.secrets.get(region);
  if (!id.startsWith('arn:')) {
    const named = regional?.get(id);
    return named?.account === session.account ? named : undefined;
  }
  const resource = id.split(':').slice(6).join(':');
  const suffixed = regional?.get(resource.slice(0, -7));
  if (suffixed?.arn === id) return suffixed;
  const partial = regional?.get(resource);
  return partial && partial.arn.slice(0, -7) === id ? partial : undefined;
}

function findVersion(secret: StoredSecret, { versionId, stage }: SecretQuery): StoredSecretVersion {
  if (versionId === undefined) {
    const label = stage ?? 'AWSCURRENT';
    const staged = secret.versions.find((version) => version.stages.includes(label));
    if (!staged) {
      throw notFound(`Secrets Manager can't find the specified secret value for staging label: ${label}`);
    }
    return staged;
  }
  const version = secret.versions.find((candidate) => candidate.id === versionId);
  if (!version) throw unknownVersion(versionId);
  if (stage !== undefined && !version.stages.includes(stage)) {
    const problem = 'You provided a VersionStage that is not associated to the provided VersionId.';
    throw new Refusal(400, 'InvalidRequestException', problem);
  }
  return version;
}

function unknownVersion(versionId: string): Refusal {
  if (versionId.length >= 32 && versionId.length <= 64) {
    return notFound(`Secrets Manager can't find the specified secret value for VersionId: ${versionId}`);
  }
  const bound = versionId.length < 32 ? 'greater than or equal to 32' : 'less than or equal to 64';
  const problem = `Value '${versionId}' at 'versionId' failed to satisfy constraint: Member must have length ${bound}`;
  return new Refusal(400, 'ValidationException', `1 validation error detected: ${problem}`);
}

function notFound(message: string): Refusal {
  return new Refusal(400, 'ResourceNotFoundException', message);
}
