/** How figures and tables are written in docs/scale.md. */

export type Row = readonly string[];

/** Whole numbers with commas; one digit behind the point below ten. */
export function n(value: number): string {
  if (value !== 0 && value < 0.1) return '< 0.1';
  // 2737.4999999 is 2737.5.
  const exact = Number(value.toPrecision(9));
  const rounded = exact < 10 ? Math.round(exact * 10) / 10 : Math.round(exact);
  return rounded.toLocaleString('en-US');
}

export function dollars(value: number): string {
  return `$${n(value)}`;
}

/** Columns of words, by their heads. */
const words = new Set(['quota', 'rotation', 'fleet', 'throttled calls']);

export function table(head: Row, rows: readonly Row[]): string {
  const rule = head.map((name) => (words.has(name) ? '---' : '---:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
