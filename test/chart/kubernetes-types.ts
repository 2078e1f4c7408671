/** Compares objects with the types of the Kubernetes API, as the published client has them: unknown fields, wrong types. */
import * as client from '@kubernetes/client-node';

interface Attribute {
  readonly name: string;
  readonly baseName: string;
  readonly type: string;
}

interface Model {
  readonly getAttributeTypeMap: () => readonly Attribute[];
}

const models = client as unknown as Readonly<Record<string, Partial<Model> | undefined>>;

const scalars: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  Date: (value) => typeof value === 'string',
  IntOrString: (value) => typeof value === 'string' || typeof value === 'number',
  any: () => true,
  object: (value) => typeof value === 'object',
};

/** What is wrong with an object, each fault with its path; nothing when the API would know every field of it. */
export function typeFaults(object: { readonly apiVersion: string; readonly kind: string }): readonly string[] {
  const version = object.apiVersion.split('/').at(-1) ?? '';
  const type = version.charAt(0).toUpperCase() + version.slice(1) + object.kind;
  return faults(object, type, object.kind);
}

function faults(value: unknown, type: string, at: string): readonly string[] {
  const inner = /^Array<(.+)>$/.exec(type)?.[1];
  if (inner !== undefined) {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((item, index) => faults(item, inner, `${at}[${index}]`));
  }
  const entry = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (entry !== undefined) {
    if (!isMap(value)) return [`${at} is no map`];
    return Object.entries(value).flatMap(([key, item]) => faults(item, entry, `${at}.${key}`));
  }
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar(value) ? [] : [`${at} is no ${type}`];
  const attributes = models[type]?.getAttributeTypeMap?.();
  if (attributes === undefined) return [`${at} has the type ${type}, which the client does not know`];
  if (!isMap(value)) return [`${at} is no map`];
  return Object.entries(value).flatMap(([key, item]) => {
    const attribute = attributes.find(({ baseName }) => baseName === key);
    return attribute === undefined ? [`${at}.${key} is unknown`] : faults(item, attribute.type, `${at}.${key}`);
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
