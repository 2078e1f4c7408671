/** Reads the YAML of the `objects` parameter, in which every scalar is text, within bounds that no tenant can widen. */
import {
  defineMappingTag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  YAMLException,
} from 'js-yaml';
import { objectsBytes, yamlAliases, yamlDepth, yamlMergedKeys } from '../../budgets.js';
import { escapeControls, quoteLimit } from '../../errors.js';

/** An unquoted scalar: its text as it is written, which a reader of YAML 1.1 may take for something else. */
export class PlainScalar {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A map of the list: keys as they are written, values `null`, text, PlainScalar, an array or such a map again. */
export type YamlMap = ReadonlyMap<string, unknown>;

/** The first document of a text, or why it cannot be read, as the end of the sentence "objects ...". */
export type YamlResult = { readonly value: unknown } | { readonly fault: string };

/** Tried after null and merge, for unquoted scalars only: the way to learn which ones are unquoted. */
const plainTag = defineScalarTag<PlainScalar>('plain', {
  implicit: true,
  resolve: (source, isExplicit) => (isExplicit ? NOT_RESOLVED : new PlainScalar(source)),
  identify: () => false,
});

/** `!!int 017` and the like are text here too, and mean to others what they would without the tag. */
const coreTag = defineScalarTag<PlainScalar>('tag:yaml.org,2002:', {
  matchByTagPrefix: true,
  resolve: (source) => new PlainScalar(source),
  identify: () => false,
});

/** Any other tag says nothing to us. */
const foreignTag = defineScalarTag<string>('', {
  matchByTagPrefix: true,
  resolve: (source) => source,
  identify: () => false,
});

const textKeyedMapTag = defineMappingTag<Map<string, unknown>>('tag:yaml.org,2002:map', {
  create: () => new Map(),
  addPair: (map, key, value) => {
    const text = keyText(key);
    if (text === undefined) return 'a key must be text, not a list or a map';
    map.set(text, value);
    return '';
  },
  has: (map, key) => map.has(keyText(key) ?? ''),
  keys: (map) => map.keys(),
  get: (map, key) => map.get(keyText(key) ?? ''),
  identify: () => false,
});

const schema = FAILSAFE_SCHEMA.withTags(mergeTag, nullCoreTag, plainTag, coreTag, foreignTag, textKeyedMapTag);

/**
 * Reads the first document; what follows it is not even looked at. Of two equal keys the later wins; anchors may make
 * the value a graph with cycles, so walk it only as deep as its schema goes.
 */
export function readYaml(text: string): YamlResult {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > objectsBytes) {
    return { fault: `is ${bytes} bytes long, more than ${objectsBytes}: split it over several SecretProviderClasses` };
  }
  try {
    const documents = loadAll(firstDocument(text), {
      schema,
      // Equal keys, the later of which wins, are the one thing that this option stands for.
      json: true,
      maxDepth: yamlDepth,
      maxAliases: yamlAliases,
      maxTotalMergeKeys: yamlMergedKeys,
    });
    return { value: documents[0] };
  } catch (error) {
    if (error instanceof YAMLException) return { fault: `is not valid YAML: ${describeYamlError(error)}` };
    throw error;
  }
}

/** The text up to the marker that ends its first document. A marker counts wherever it stands in the first column. */
function firstDocument(text: string): string {
  // Blank lines, comments and directives may stand before the marker that opens a document; nothing else may.
  const opening = /^\uFEFF?(?:[ \t]*(?:#[^\r\n]*)?[\r\n]|%[^\r\n]*[\r\n])*/.exec(text)?.[0].length ?? 0;
  for (const marker of text.matchAll(/(?<![^\r\n])\uFEFF?(---|\.\.\.)(?![^ \t\r\n])/g)) {
    const position = marker.index + marker[0].length - 3;
    if (position > opening || marker[1] === '...') return text.slice(0, marker.index);
  }
  return text;
}

function keyText(key: unknown): string | undefined {
  if (typeof key === 'string') return key;
  if (key instanceof PlainScalar) return key.text;
  return key === null ? 'null' : undefined;
}

/** Place and reason; not the snippet that the library adds. */
function describeYamlError(error: YAMLException): string {
  const reason = escapeControls(
    error.reason.length > quoteLimit ? `${error.reason.slice(0, quoteLimit)}…` : error.reason,
  );
  return error.mark === undefined
    ? reason
    : `${reason} in line ${error.mark.line + 1}, column ${error.mark.column + 1}`;
}
