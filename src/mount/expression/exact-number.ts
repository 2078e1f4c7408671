/** Decimal arithmetic on the digits of a JSON number, so that none is ever rounded to a double unnoticed. */
import { ExpressionFailure } from './expression-failure.js';

/** A number of a JSON document, with the digits it is written in. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `0.<digits> * 10^exponent`; digits neither begin nor end with 0, and are empty for zero. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Longest exponent, in digits, and widest span between the first and last digit of a sum: both bound its cost. */
const exponentDigits = 9;
const sumDigits = 1000;

/** What is wrong when a calculation meets, or would make, a number that it cannot keep. */
const rounds = 'would round a number: arithmetic keeps about 15 digits; select the number itself';

function decimal({ text }: JsonNumber): Decimal {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?)0*(\d*))?$/.exec(text);
  if (match === null) throw new TypeError('not the text of a JSON number');
  const [, sign, whole = '', fraction = '', exponentSign, power = ''] = match;
  if (power.length > exponentDigits) throw new ExpressionFailure('computes with a number whose exponent is too large');
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return { negative: false, digits: '', exponent: 0 };
  const exponent = whole.length - first + (exponentSign === '-' ? -Number(power) : Number(power));
  return { negative: sign === '-', digits: withoutTrailingZeros(all.slice(first)), exponent };
}

/** A loop, because `/0+$/` takes quadratic time on many zeros. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/**
 * Below, at or above zero as `a` is less than, equal to or greater than `b`, whatever the way they are written.
 * @throws ExpressionFailure when an exponent is too large
 */
export function compareNumbers(a: JsonNumber, b: JsonNumber): number {
  const difference = Number(a.text) - Number(b.text);
  if (difference !== 0 && !Number.isNaN(difference)) return difference; // Rounding keeps the order of what it tells apart.
  if (a.text === b.text) return 0;
  const x = decimal(a);
  const y = decimal(b);
  if (signOf(x) !== signOf(y)) return signOf(x) - signOf(y);
  const size = x.exponent === y.exponent ? compareText(x.digits, y.digits) : x.exponent - y.exponent;
  return x.negative ? -size : size;
}

function signOf({ negative, digits }: Decimal): number {
  if (digits === '') return 0;
  return negative ? -1 : 1;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Whether the shortest text of the number's double means the same number. */
export function survivesDouble(number: JsonNumber): boolean {
  const double = Number(number.text);
  return Number.isFinite(double) && compareNumbers(number, new JsonNumber(String(double))) === 0;
}

/**
 * Arithmetic takes what every JSON reader takes for the same number; one with more digits (an account id, a key) is
 * selected, compared and written in full, and never computed with.
 * @throws ExpressionFailure when the number would not survive a double
 */
export function computable(number: JsonNumber): JsonNumber {
  if (!survivesDouble(number)) throw new ExpressionFailure(rounds);
  return number;
}

/** The number without its sign. */
export function absolute(number: JsonNumber): JsonNumber {
  return number.text.startsWith('-') ? new JsonNumber(number.text.slice(1)) : number;
}

/**
 * The integer at or below (`floor`) or at or above (`ceil`); an integer comes back as it is written.
 * @throws ExpressionFailure when the result has too many digits
 */
export function wholeNumber(number: JsonNumber, direction: 'floor' | 'ceil'): JsonNumber {
  const value = decimal(number);
  if (value.digits.length <= value.exponent || value.digits === '') return number;
  if (value.exponent > sumDigits) throw new ExpressionFailure(rounds);
  const truncated = BigInt(value.digits.slice(0, Math.max(value.exponent, 0)));
  const signed = value.negative ? -truncated : truncated;
  if (direction === 'floor') return new JsonNumber(String(value.negative ? signed - 1n : signed));
  return new JsonNumber(String(value.negative ? signed : signed + 1n));
}

/**
 * The exact sum.
 * @throws ExpressionFailure when it has too many digits
 */
export function sumOf(numbers: readonly JsonNumber[]): JsonNumber {
  const values = numbers.map(decimal).filter(({ digits }) => digits !== '');
  const lowest = values.reduce((low, value) => Math.min(low, value.exponent - value.digits.length), Infinity);
  const highest = values.reduce((high, value) => Math.max(high, value.exponent), -Infinity);
  if (values.length === 0) return new JsonNumber('0');
  if (highest - lowest > sumDigits) throw new ExpressionFailure(rounds);
  let sum = 0n;
  for (const { negative, digits, exponent } of values) {
    const scaled = BigInt(digits + '0'.repeat(exponent - digits.length - lowest));
    sum += negative ? -scaled : scaled;
  }
  return new JsonNumber(write(sum, lowest));
}

/**
 * The mean: the double nearest to it when the sum is a double itself, else the exact quotient.
 * @throws ExpressionFailure when the sum is no double and the quotient is not exact
 */
export function meanOf(numbers: readonly JsonNumber[]): JsonNumber {
  const sum = sumOf(numbers);
  if (survivesDouble(sum)) return new JsonNumber(String(Number(sum.text) / numbers.length));
  const { negative, digits, exponent } = decimal(sum);
  const dividend = BigInt(negative ? `-${digits}` : digits);
  const count = BigInt(numbers.length);
  if (dividend % count !== 0n) throw new ExpressionFailure(rounds);
  return new JsonNumber(write(dividend / count, exponent - digits.length));
}

/** `coefficient * 10^power` as a JSON number, in the form in which JavaScript writes a number. */
function write(coefficient: bigint, power: number): string {
  if (coefficient === 0n) return '0';
  const sign = coefficient < 0n ? '-' : '';
  const all = String(coefficient < 0n ? -coefficient : coefficient);
  const digits = withoutTrailingZeros(all);
  const point = all.length + power;
  if (point > 21 || point < -5) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits.slice(0, 1)}${rest}e${point > 0 ? '+' : ''}${String(point - 1)}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
