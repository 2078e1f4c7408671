/** Parameter Store: GetParameters, with selectors and with references to secrets. */
import { Refusal, awsJson } from './answer.js';
import type { Answer } from './answer.js';
import { authorize, mayDecrypt } from './policy.js';
import type { Recognized } from './recognize.js';
import { readSecret } from './secrets-manager.js';
import type { Session } from './sessions.js';
import { parameterKey } from './store.js';
import type { StoredParameter, StoredParameterVersion } from './store.js';
import type { World } from './world.js';

/** One of the names of a call. */
interface Asked {
  readonly text: string;
  /** Without ARN and selector. */
  readonly name: string;
  /** With its colon; absent when there is none. */
  readonly selector: string | undefined;
  readonly arn: string;
}

interface Context {
  readonly region: string;
  readonly decrypt: boolean;
  readonly session: Session;
  readonly world: World;
}

type Found = Readonly<Record<string, unknown>> & { readonly Name: string };

const referencePrefix = '/aws/reference/secretsmanager/';

/** @throws Refusal in AWS's words */
export function answerParameterStore(recognized: Recognized, session: Session, world: World): Answer {
  if (recognized.action !== 'GetParameters') throw new Refusal(400, 'UnknownOperationException', '');
  const region = recognized.region ?? '';
  const decrypt = recognized.parameters['WithDecryption'] === true;
  const context = { region, decrypt, session, world };
  const asked = checkNames(recognized.objects).map((text) => readName(text, context));
  for (const { arn, name } of asked) {
    authorize(world.store, session, { action: 'ssm:GetParameters', region, arn, name, shown: arn });
  }
  const found = asked.map((one) => findParameter(one, context));
  const invalid = asked.filter((_, index) => found[index] === undefined).map(({ text }) => text);
  const parameters = found
    .filter((one) => one !== undefined)
    .sort((a, b) => (a.Name < b.Name ? -1 : Number(a.Name > b.Name)));
  return awsJson({ InvalidParameters: invalid, Parameters: parameters });
}

function checkNames(names: readonly string[]): readonly string[] {
  const shown = `Value '[${names.join(', ')}]' at 'names' failed to satisfy constraint: Member must have length`;
  if (names.length > 10) throw invalid(`1 validation error detected: ${shown} less than or equal to 10`);
  if (names.length === 0) throw invalid(`1 validation error detected: ${shown} greater than or equal to 1`);
  if (new Set(names).size < names.length) throw invalid('Duplicate parameters are not allowed in one request.');
  return names;
}

function invalid(message: string): Refusal {
  return new Refusal(400, 'ValidationException', message);
}

function readName(text: string, { region, session, world }: Context): Asked {
  const prefix = /^(arn:[^:]*:ssm:[^:]*:[^:]*:)parameter(\/.*)$/.exec(text);
  const body = prefix?.[2] ?? text;
  const colon = body.indexOf(':');
  const name = colon < 0 ? body : body.slice(0, colon);
  const selector = colon < 0 ? undefined : body.slice(colon);
  const head = prefix?.[1] ?? `arn:${world.store.partition}:ssm:${region}:${session.account}:`;
  return { text, name, selector, arn: `${head}parameter${name.startsWith('/') ? name : `/${name}`}` };
}

function findParameter(asked: Asked, context: Context): Found | undefined {
  if (asked.name.startsWith(referencePrefix)) return readReference(asked, context);
  const parameter = context.world.store.parameters.get(context.region)?.get(parameterKey(asked.name));
  if (parameter?.arn !== asked.arn) return undefined;
  const version = selectVersion(parameter, asked.selector);
  return version && describe({ parameter, version, asked, context });
}

function selectVersion(parameter: StoredParameter, selector: string | undefined): StoredParameterVersion | undefined {
  if (selector === undefined) return parameter.versions.at(-1);
  const wanted = selector.slice(1);
  return parameter.versions.find(({ version, labels }) => String(version) === wanted || labels.includes(wanted));
}

interface Selected {
  readonly parameter: StoredParameter;
  readonly version: StoredParameterVersion;
  readonly asked: Asked;
  readonly context: Context;
}

function describe({ parameter, version, asked, context }: Selected): Found {
  const { world, session, region, decrypt } = context;
  const secure = parameter.type === 'SecureString';
  if (secure && decrypt && !mayDecrypt(world.store, session, { region, arn: parameter.arn, name: parameter.name })) {
    const problem =
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';
    throw new Refusal(400, 'AccessDeniedException', problem);
  }
  return {
    ARN: parameter.arn,
    DataType: 'text',
    LastModifiedDate: version.modifiedAt / 1000,
    Name: parameter.name,
    ...(asked.selector === undefined || world.omitSelectors ? {} : { Selector: asked.selector }),
    Type: parameter.type,
    // What AWS gives for a SecureString without decryption is ciphertext; nothing of the value may show in ours.
    Value: secure && !decrypt ? Buffer.from(`encrypted ${parameter.arn}`).toString('base64') : version.value,
    Version: version.version,
  };
}

/** `/aws/reference/secretsmanager/<secret>`: the value of a secret, for whoever may read that too. */
function readReference(asked: Asked, context: Context): Found | undefined {
  if (!context.decrypt) {
    throw invalid('WithDecryption flag must be True for retrieving a Secret Manager secret.');
  }
  const id = asked.name.slice(referencePrefix.length);
  const selector = asked.selector?.slice(1);
  const secret = readReferenced(id, selector, context);
  if (!secret) return undefined;
  return {
    ARN: secret['ARN'],
    DataType: 'text',
    LastModifiedDate: secret['CreatedDate'],
    Name: asked.name,
    ...(asked.selector === undefined || context.world.omitSelectors ? {} : { Selector: asked.selector }),
    SourceResult: JSON.stringify(secret),
    Type: 'SecureString',
    Value: secret['SecretString'] ?? secret['SecretBinary'],
    Version: 0,
  };
}

function readReferenced(id: string, selector: string | undefined, context: Context) {
  const isVersionId = selector !== undefined && /^[0-9a-f-]{32,64}$/i.test(selector);
  const choice = isVersionId ? { versionId: selector } : { stage: selector };
  try {
    return readSecret({ id, region: context.region, ...choice }, context.session, context.world);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code !== 'AccessDeniedException') return undefined;
    const problem = `An error occurred (AccessDeniedException) when referencing Secrets Manager: ${error.message}`;
    throw new Refusal(400, 'AccessDeniedException', problem);
  }
}
