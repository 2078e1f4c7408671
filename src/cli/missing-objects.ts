/** Says what to add to a store when a class names objects that it does not hold. */
import { FAILSAFE_SCHEMA, dump, load, mergeTag } from 'js-yaml';
import type { StoreDocument } from '../local/store-document.js';
import type { PodVolume } from './pods.js';

interface NamedObject {
  readonly kind: 'secrets' | 'parameters';
  readonly region: string;
  readonly name: string;
  /** A value that the class could work with. */
  readonly example: string;
}

/** YAML to merge into the store's file; `undefined` when nothing is missing or the list cannot be read. */
export function missingObjects(pod: PodVolume, store: StoreDocument): string | undefined {
  const missing: Record<string, Record<string, Record<string, string>>> = {};
  for (const { kind, region, name, example } of namedObjects(pod, store)) {
    if (holds(store, kind, { region, name })) continue;
    ((missing[kind] ??= {})[region] ??= {})[name] = example;
  }
  return Object.keys(missing).length > 0 ? dump(missing, { lineWidth: -1 }).trimEnd() : undefined;
}

function holds(store: StoreDocument, kind: NamedObject['kind'], at: { region: string; name: string }): boolean {
  const names = Object.keys(store[kind]?.[at.region] ?? {});
  const bare = (name: string) => (kind === 'parameters' ? name.replace(/^\//, '') : name);
  // The end of a secret's ARN is six characters that the store makes up.
  return names.some((name) => bare(name) === bare(at.name));
}

function namedObjects({ attributes }: PodVolume, store: StoreDocument): readonly NamedObject[] {
  const nodeRegion = Object.values(store.nodes ?? {})[0]?.region;
  const region = attributes['region'] ?? nodeRegion ?? 'eu-west-1';
  return readList(attributes['objects'] ?? '').flatMap((entry) => {
    const type = text(field(entry, 'objectType'));
    const example = exampleValue(field(entry, 'jmesPath'));
    const primary = namedObject(text(field(entry, 'objectName')), { type, region, example });
    const failover = text(field(asMap(field(entry, 'failoverObject')), 'objectName'));
    const second = attributes['failoverRegion'];
    return [
      ...primary,
      ...(second === undefined ? [] : namedObject(failover ?? primary[0]?.name, { type, region: second, example })),
    ];
  });
}

function namedObject(
  name: string | undefined,
  rest: { readonly type: string | undefined; readonly region: string; readonly example: string },
): readonly NamedObject[] {
  if (name === undefined) return [];
  const arn = /^arn:[^:]+:(secretsmanager|ssm):([^:]+):[^:]*:(?:secret:|parameter)(.+)$/.exec(name);
  const isSecret = arn ? arn[1] === 'secretsmanager' : rest.type === 'secretsmanager';
  const bare = arn?.[3] ?? name;
  // A secret read through Parameter Store is a secret; an ARN of a secret ends in a suffix that is no part of its name.
  const reference = isSecret ? undefined : /^\/aws\/reference\/secretsmanager\/(.+)$/.exec(bare)?.[1];
  const short = reference ?? (arn && isSecret ? bare.replace(/-[A-Za-z0-9]{6}$/, '') : bare);
  const kind = isSecret || reference !== undefined ? 'secrets' : 'parameters';
  return [{ kind, region: arn?.[2] ?? rest.region, name: short, example: rest.example }];
}

/** JSON with the fields that plain expressions name, else any text. */
function exampleValue(jmesPath: unknown): string {
  if (!Array.isArray(jmesPath)) return 'a value';
  const fields = jmesPath
    .map((entry) => text(field(asMap(entry), 'path')))
    .filter((path) => path !== undefined && /^[A-Za-z_]\w*$/.test(path));
  return fields.length > 0 ? JSON.stringify(Object.fromEntries(fields.map((name) => [name, 'a value']))) : 'a value';
}

function readList(yaml: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const list = load(yaml, { schema: FAILSAFE_SCHEMA.withTags(mergeTag), json: true, maxAliases: 100 });
    return Array.isArray(list) ? list.map(asMap) : [];
  } catch {
    // The provider's own message says what is wrong with the list.
    return [];
  }
}

function field(map: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(map).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : map[key];
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
