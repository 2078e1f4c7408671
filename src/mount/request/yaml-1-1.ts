/** What AWS's own provider makes of an unquoted scalar, so that a warning can name the text that no longer counts. */

const words = new Map<string, string>([
  ...spellings('true', ['y', 'yes', 'true', 'on']),
  ...spellings('false', ['n', 'no', 'false', 'off']),
  ...['.nan', '.NaN', '.NAN'].map((word): [string, string] => [word, 'NaN']),
  ...['.inf', '.Inf', '.INF'].flatMap((word): [string, string][] => [
    [word, '+Inf'],
    [`+${word}`, '+Inf'],
    [`-${word}`, '-Inf'],
  ]),
]);

const digitsOfBase = { '0x': /^[0-9a-f]+$/i, '0o': /^[0-7]+$/, '0b': /^[01]+$/ };
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i;
/** No number of interest is longer. */
const numberCharacters = 400;

/**
 * The text that a YAML 1.1 reader in Go hands on for a plain scalar that stands where text belongs: booleans and
 * numbers are resolved and printed again. Equal to `text` for everything else, timestamps among it.
 */
export function yaml11Text(text: string): string {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(text) || text.length > numberCharacters) return text;
  // Underscores group digits, though not in a number that begins with its point.
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const integer = readInteger(plain);
  if (integer !== undefined) return integer.toString();
  const value = float.test(plain) ? Number(plain) : NaN;
  return Number.isFinite(value) ? printFloat32(value) : text;
}

/** An integer in Go's notation (a leading zero is octal) that fits 64 bits, with a sign 63. */
function readInteger(text: string): bigint | undefined {
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  const digits = readDigits(text.slice(sign.length));
  if (digits === undefined) return undefined;
  const value = sign === '-' ? -digits : digits;
  const fits = sign === '' ? BigInt.asUintN(64, value) === value : BigInt.asIntN(64, value) === value;
  return fits ? value : undefined;
}

function readDigits(text: string): bigint | undefined {
  const prefix = text.slice(0, 2).toLowerCase();
  if (prefix === '0x' || prefix === '0o' || prefix === '0b') {
    const digits = text.slice(2);
    return digitsOfBase[prefix].test(digits) ? BigInt(prefix + digits) : undefined;
  }
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text}`);
  return /^(?:0|[1-9]\d*)$/.test(text) ? BigInt(text) : undefined;
}

/** Go's shortest `%g` of the value as a 32-bit float: that is how it prints numbers that become text. */
function printFloat32(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? '+Inf' : '-Inf';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  let shortest = '';
  for (let digits = 0; digits <= 8; digits++) {
    shortest = single.toExponential(digits);
    if (Math.fround(Number(shortest)) === single) break;
  }
  const [mantissa = '', exponent = ''] = shortest.split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(shortest));
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function spellings(value: string, names: readonly string[]): [string, string][] {
  return names.flatMap((name) => {
    const capital = name.slice(0, 1).toUpperCase() + name.slice(1);
    return [name, capital, name.toUpperCase()].map((spelling): [string, string] => [spelling, value]);
  });
}
