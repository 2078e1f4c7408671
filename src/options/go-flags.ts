/** Command line flags by the conventions of Go's `flag` package, which the manifests of this provider's users follow. */

export type FlagKind = 'text' | 'boolean' | 'number' | 'duration';

/** One flag: what the usage and the documentation say of it, and how its text is read. */
export interface Flag<T> {
  /** Without dashes. */
  readonly name: string;
  readonly kind: FlagKind;
  /** The default as it would be written on the command line. */
  readonly default: string;
  readonly description: string;
  /** @throws RangeError whose message completes "invalid value ... for flag ...: " */
  readonly parse: (text: string) => T;
}

/** The texts of the flags that were given, by name; each has been read once without an error. */
export interface FlagTexts {
  readonly kind: 'flags';
  readonly texts: ReadonlyMap<string, string>;
  /** What follows the first argument that is no flag: Go ignores it. */
  readonly rest: readonly string[];
}

export type FlagResult = FlagTexts | { readonly kind: 'help' } | { readonly kind: 'error'; readonly message: string };

/**
 * Reads `argv` (without program names). One or two dashes, `--f=v` or `--f v`; a boolean takes a value only after `=`;
 * flags end at `--` or at the first argument that is no flag; of two equal flags the later wins.
 */
export function parseGoFlags(argv: readonly string[], flags: readonly Flag<unknown>[]): FlagResult {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const texts = new Map<string, string>();
  let at = 0;
  for (;;) {
    const argument = argv[at];
    if (argument === undefined || argument.length < 2 || !argument.startsWith('-')) break;
    at += 1;
    if (argument === '--') break;
    const parts = splitFlag(argument);
    if (parts === undefined) return { kind: 'error', message: `bad flag syntax: ${argument}` };
    const flag = known.get(parts.name);
    if (flag === undefined) {
      if (parts.name === 'help' || parts.name === 'h') return { kind: 'help' };
      return { kind: 'error', message: `flag provided but not defined: -${parts.name}` };
    }
    let text = parts.value;
    if (text === undefined && flag.kind === 'boolean') text = 'true';
    text ??= argv[at++];
    if (text === undefined) return { kind: 'error', message: `flag needs an argument: -${parts.name}` };
    const fault = faultOf(flag, text);
    if (fault !== undefined) return { kind: 'error', message: fault };
    texts.set(flag.name, text);
  }
  return { kind: 'flags', texts, rest: argv.slice(at) };
}

/** The value of a flag: what was given, else its default. */
export function flagValue<T>(given: FlagTexts, flag: Flag<T>): T {
  return flag.parse(given.texts.get(flag.name) ?? flag.default);
}

/** The usage text, one flag after the other, in the form that Go prints. */
export function flagUsage(program: string, flags: readonly Flag<unknown>[]): string {
  const entries = flags.map((flag) => {
    const kind = flag.kind === 'boolean' ? '' : ` ${flag.kind}`;
    const preset = flag.default === '' || flag.default === 'false' ? '' : ` (default ${flag.default})`;
    return `  -${flag.name}${kind}\n    \t${flag.description}${preset}\n`;
  });
  return `Usage of ${program}:\n${entries.join('')}`;
}

/** `1 t T true TRUE True 0 f F false FALSE False`. @throws RangeError */
export function parseGoBoolean(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new RangeError('use true or false');
}

/** A whole number as Go writes them: `0x`, `0b` and `0o`, octal after a bare `0`, `_` between digits. */
const goInteger = /^([+-]?)(0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/;

/** A point or an exponent tells a decimal number from a whole one, for `010` is 8. */
const decimal = /^[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?$/;

/** A whole number by the rules of Go's `flag.Int`, or a finite decimal number. @throws RangeError */
export function parseGoNumber(text: string): number {
  const [whole, sign, written = ''] = goInteger.exec(text) ?? [];
  if (whole !== undefined) {
    const digits = written.replaceAll('_', '').replace(/^0(?=\d)/, '0o');
    return sign === '-' ? 0 - Number(digits) : Number(digits);
  }
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new RangeError('not a number');
  return value;
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration such as `250ms`, `2s` or `1m30s`, in milliseconds. @throws RangeError */
export function parseGoDuration(text: string): number {
  const signed = /^([+-]?)(.*)$/s.exec(text);
  const body = signed?.[2] ?? '';
  if (body === '0') return 0;
  // Escaped, so that the built program is ASCII (scripts/build.mjs).
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(body)) {
    throw new RangeError('not a duration such as 250ms or 2s');
  }
  let total = 0;
  for (const [, amount, unit] of body.matchAll(/([\d.]+)([a-z\u00b5\u03bc]+)/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN);
  }
  return signed?.[1] === '-' ? -total : total;
}

/** Name and value of one argument that begins with a dash; `undefined` when Go would not take it for a flag. */
function splitFlag(argument: string): { readonly name: string; readonly value: string | undefined } | undefined {
  const body = argument.slice(argument.startsWith('--') ? 2 : 1);
  if (body === '' || body.startsWith('-') || body.startsWith('=')) return undefined;
  const equals = body.indexOf('=');
  if (equals < 0) return { name: body, value: undefined };
  return { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

function faultOf(flag: Flag<unknown>, text: string): string | undefined {
  try {
    flag.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const what = flag.kind === 'boolean' ? 'boolean value' : 'value';
    return `invalid ${what} ${JSON.stringify(text)} for flag -${flag.name}: ${error.message}`;
  }
}
