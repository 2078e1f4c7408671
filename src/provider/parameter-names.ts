/** How Parameter Store names one parameter, and how parameters are spread over batches. */
import type { ObjectQuery } from '../mount/types.js';

/** Names that one GetParameters call takes at most. */
export const batchSize = 10;

/** What is asked for in `Names`: the name or ARN, with the version or label as its selector. */
export function requestName({ name, version, versionLabel }: ObjectQuery): string {
  const selector = version ?? versionLabel;
  return selector === undefined ? name : `${name}:${selector}`;
}

/**
 * The bare name under which an answer can be matched: an ARN counts as its name, a selector does not count, and to AWS
 * `/p` and `p` are one parameter (only where there is no further `/`). Parameters of different accounts may share it:
 * it tells answers of one batch apart, not parameters.
 */
export function bareName(name: string): string {
  const resource = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter(.*)$/s.exec(name)?.[1] ?? name;
  const [path = ''] = resource.split(':');
  return withoutLoneSlash(path);
}

/** The same for `/p` and `p`, and for nothing else: equal names in one region are one question. */
export function withoutLoneSlash(name: string): string {
  return name.startsWith('/') && !name.includes('/', 1) ? name.slice(1) : name;
}

/** Whether the parameter is a secret of Secrets Manager in disguise. */
export function isSecretReference(name: string): boolean {
  return bareName(name).startsWith('/aws/reference/secretsmanager/');
}

/**
 * Batches of at most `batchSize`, in order, none with two names that an answer could confuse: some endpoints leave the
 * selector out of the answer, and AWS itself answers an ARN by its name.
 */
export function batchesOf(queries: readonly ObjectQuery[]): readonly (readonly ObjectQuery[])[] {
  const batches: { readonly names: Set<string>; readonly queries: ObjectQuery[] }[] = [];
  for (const query of queries) {
    const name = bareName(query.name);
    let batch = batches.find(({ names }) => names.size < batchSize && !names.has(name));
    if (!batch) batches.push((batch = { names: new Set(), queries: [] }));
    batch.names.add(name);
    batch.queries.push(query);
  }
  return batches.map((batch) => batch.queries);
}
