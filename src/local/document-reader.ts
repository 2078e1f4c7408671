/** Reads a store document, from YAML or from a caller, and names the field that is wrong. */
import { readFileSync } from 'node:fs';
import { FAILSAFE_SCHEMA, YAMLException, loadAll, mergeTag, nullCoreTag } from 'js-yaml';
import { ProviderError, describeError, escapeControls, quote } from '../errors.js';
import type {
  Entries,
  KubernetesResource,
  NodeDocument,
  ParameterDocument,
  ParameterVersionDocument,
  PodDocument,
  RoleDocument,
  SecretDocument,
  SecretVersionDocument,
  ServiceAccountDocument,
  StatementDocument,
  StoreDocument,
} from './store-document.js';

type Reader<T> = (value: unknown, path: string) => T;

/** Every scalar is text, so that an unquoted account or password keeps its digits. */
const schema = FAILSAFE_SCHEMA.withTags(mergeTag, nullCoreTag);

/**
 * The document of a YAML file. An entry of roles, service accounts, pods or nodes may be left empty (`app:`).
 * @throws ProviderError `invalid_request` when the file cannot be read, is no YAML or holds a bad field
 */
export function readStoreFile(file: string): StoreDocument {
  let documents: unknown[];
  try {
    documents = loadAll(readFileSync(file, 'utf8'), { schema, json: true, filename: file });
  } catch (error) {
    throw new ProviderError('invalid_request', `store ${quote(file)}: ${escapeControls(describeFault(error))}`);
  }
  if (documents.length > 1) throw new ProviderError('invalid_request', `store ${quote(file)}: holds several documents`);
  return checkStoreDocument(fillEmptyEntries(documents[0] ?? {}));
}

/** The library's message quotes the lines around the fault, which hold values. */
function describeFault(error: unknown): string {
  if (!(error instanceof YAMLException)) return describeError(error);
  return error.mark ? `${error.reason} in line ${error.mark.line + 1}` : error.reason;
}

const kindsWithDefaults = ['roles', 'serviceAccounts', 'pods', 'nodes'] as const;

/** In a file nothing is there to be removed yet: an empty entry asks for defaults. */
function fillEmptyEntries(document: unknown): unknown {
  if (!isMap(document)) return document;
  const filled = kindsWithDefaults.flatMap((kind): [string, unknown][] => {
    const named = document[kind];
    if (!isMap(named)) return [];
    return [[kind, Object.fromEntries(Object.entries(named).map(([name, entry]) => [name, entry ?? {}]))]];
  });
  return { ...document, ...Object.fromEntries(filled) };
}

/** @throws ProviderError `invalid_request` naming the field */
export function checkStoreDocument(value: unknown): StoreDocument {
  return storeReader(value, '');
}

function fail(path: string, problem: string): never {
  throw new ProviderError(
    'invalid_request',
    `store: ${path === '' ? 'the document' : escapeControls(path)} ${problem}`,
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

const text: Reader<string> = (value, path) =>
  typeof value === 'string' ? value : fail(path, `must be text, not ${kindOf(value)}`);

function matching(pattern: RegExp, form: string): Reader<string> {
  return (value, path) => {
    const found = text(value, path);
    return pattern.test(found) ? found : fail(path, `must be ${form}`);
  };
}

function oneOf<T extends string>(...words: readonly T[]): Reader<T> {
  return (value, path) => words.find((word) => word === value) ?? fail(path, `must be one of ${words.join(', ')}`);
}

const flag: Reader<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  return oneOf('true', 'false')(value, path) === 'true';
};

const positive: Reader<number> = (value, path) => {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0
    ? number
    : fail(path, 'must be a whole number above 0');
};

function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((entry: unknown, index) => item(entry, `${path}[${index}]`))
      : fail(path, `must be a list, not ${kindOf(value)}`);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function child(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function map<T>(entry: Reader<T>, keyPattern?: { readonly pattern: RegExp; readonly form: string }) {
  return (value: unknown, path: string): Readonly<Record<string, T>> => {
    if (!isMap(value)) return fail(path, `must be a map, not ${kindOf(value)}`);
    const pairs = Object.entries(value).map(([key, item]): [string, T] => {
      if (keyPattern && !keyPattern.pattern.test(key)) fail(child(path, key), `must be named as ${keyPattern.form}`);
      return [key, entry(item, child(path, key))];
    });
    return Object.fromEntries(pairs);
  };
}

function entries<T>(entry: Reader<T>, keyPattern?: { readonly pattern: RegExp; readonly form: string }) {
  const reader: Reader<Entries<T>> = map((value, path) => (value === null ? null : entry(value, path)), keyPattern);
  return reader;
}

function fields<T extends object>(readers: {
  readonly [K in keyof T]-?: Reader<Exclude<T[K], undefined>>;
}): Reader<T> {
  const known = new Map<string, Reader<unknown>>(Object.entries(readers));
  return (value, path) => {
    if (!isMap(value)) return fail(path, `must be a map, not ${kindOf(value)}`);
    const pairs: [string, unknown][] = [];
    for (const [key, item] of Object.entries(value)) {
      const reader = known.get(key) ?? fail(child(path, key), `is not a known field (${[...known.keys()].join(', ')})`);
      if (item !== undefined && item !== null) pairs.push([key, reader(item, child(path, key))]);
    }
    // Each field went through the reader of its own name, which the parameter's type ties to T.
    return Object.fromEntries(pairs) as T;
  };
}

function textOr<T>(other: Reader<T>): Reader<string | T> {
  return (value, path) => (typeof value === 'string' ? value : other(value, path));
}

const region = { pattern: /^[a-z]{2,4}(-[a-z]+)+-\d$/, form: 'a region, such as eu-west-1' };
const pair = { pattern: /^[^/]+\/[^/]+$/, form: 'namespace/name' };
const base64 = matching(/^[A-Za-z0-9+/\s]*={0,2}\s*$/, 'base64');
const account = matching(/^\d{12}$/, 'twelve digits');

const secretVersion = fields<SecretVersionDocument>({ id: text, stages: list(text), value: text, binary: base64 });

const secret: Reader<SecretDocument> = (value, path) => {
  const document = fields<SecretDocument>({
    value: text,
    binary: base64,
    versions: list(secretVersion),
    suffix: matching(/^[A-Za-z0-9]{6}$/, 'six letters or digits'),
    deleted: flag,
    account,
  })(value, path);
  const given = [document.value, document.binary, document.versions].filter((item) => item !== undefined).length;
  if (given !== 1) fail(path, 'must have exactly one of value, binary and versions');
  document.versions?.forEach((version, index) => {
    if ((version.value === undefined) === (version.binary === undefined)) {
      fail(`${path}.versions[${index}]`, 'must have either value or binary');
    }
  });
  return document;
};

const parameterVersion: Reader<ParameterVersionDocument> = (value, path) => {
  const document = fields<Partial<ParameterVersionDocument>>({ value: text, version: positive, labels: list(text) })(
    value,
    path,
  );
  return { ...document, value: document.value ?? fail(path, 'must have a value') };
};

const parameter: Reader<ParameterDocument> = (value, path) => {
  const document = fields<ParameterDocument>({
    value: text,
    type: oneOf('String', 'StringList', 'SecureString'),
    versions: list(parameterVersion),
  })(value, path);
  if ((document.value === undefined) === (document.versions === undefined)) {
    fail(path, 'must have either value or versions');
  }
  if (document.versions?.length === 0) fail(`${path}.versions`, 'must have at least one entry');
  return document;
};

const statement: Reader<StatementDocument> = (value, path) => {
  const document = fields<Partial<StatementDocument>>({
    actions: list(matching(/^\*$|^[a-z*]+:[A-Za-z*]+$/, 'service:Action')),
    resources: list(text),
    regions: list(text),
  })(value, path);
  return { ...document, actions: document.actions ?? fail(path, 'must have actions') };
};

const kubernetesResource = oneOf<KubernetesResource>('serviceaccounts', 'pods', 'nodes');

const storeReader = fields<StoreDocument>({
  account,
  partition: text,
  secrets: map(entries(textOr(secret)), region),
  parameters: map(entries(textOr(parameter)), region),
  roles: entries(fields<RoleDocument>({ trust: list(text), allow: list(statement), deny: list(statement) }), {
    pattern: /^[\w+=,.@-]{1,64}$|^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    form: 'a role name or ARN',
  }),
  serviceAccounts: entries(fields<ServiceAccountDocument>({ role: text, annotations: map(text), uid: text }), pair),
  pods: entries(fields<PodDocument>({ node: text, serviceAccount: text, uid: text }), pair),
  nodes: entries(fields<NodeDocument>({ region: text, labels: map(text) })),
  podIdentityAssociations: entries(text, pair),
  kubernetes: fields<NonNullable<StoreDocument['kubernetes']>>({ deny: list(kubernetesResource) }),
});
