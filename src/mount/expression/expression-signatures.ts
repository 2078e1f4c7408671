/** The functions of JMESPath and the arguments they take. */

export type JmesPathType = 'number' | 'string' | 'array' | 'object' | 'boolean' | 'null' | 'expression';

/** What one argument may be; the last two are arrays of one kind. */
export type ArgumentType = JmesPathType | 'any' | 'array of numbers' | 'array of strings';

export interface Signature {
  /** Allowed types of each argument. */
  readonly arguments: readonly (readonly ArgumentType[])[];
  /** The last argument may come any number of times more. */
  readonly variadic?: true;
}

const list = ['array of numbers', 'array of strings'] as const;

export const signatures = {
  abs: { arguments: [['number']] },
  avg: { arguments: [['array of numbers']] },
  ceil: { arguments: [['number']] },
  contains: { arguments: [['string', 'array'], ['any']] },
  ends_with: { arguments: [['string'], ['string']] },
  floor: { arguments: [['number']] },
  join: { arguments: [['string'], ['array of strings']] },
  keys: { arguments: [['object']] },
  length: { arguments: [['string', 'array', 'object']] },
  map: { arguments: [['expression'], ['array']] },
  max: { arguments: [list] },
  max_by: { arguments: [['array'], ['expression']] },
  merge: { arguments: [['object']], variadic: true },
  min: { arguments: [list] },
  min_by: { arguments: [['array'], ['expression']] },
  not_null: { arguments: [['any']], variadic: true },
  reverse: { arguments: [['string', 'array']] },
  sort: { arguments: [list] },
  sort_by: { arguments: [['array'], ['expression']] },
  starts_with: { arguments: [['string'], ['string']] },
  sum: { arguments: [['array of numbers']] },
  to_array: { arguments: [['any']] },
  to_number: { arguments: [['any']] },
  to_string: { arguments: [['any']] },
  type: { arguments: [['any']] },
  values: { arguments: [['object']] },
} as const satisfies Readonly<Record<string, Signature>>;

export type FunctionName = keyof typeof signatures;

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(signatures, name);
}

/** The signature in its general type. */
export function signatureOf(name: FunctionName): Signature {
  return signatures[name];
}
