/** Reads the JSON objects in which the driver wraps its strings; they hold tokens, so no error quotes them. */

/** The object's own entries in their order; `undefined` when the text is not the JSON of an object. */
export function readJsonObject(text: string): readonly (readonly [string, unknown])[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // The error quotes the text, so not even its message may be kept.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value);
}
