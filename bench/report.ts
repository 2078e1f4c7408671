/** The table of the results: for the terminal and, in the same cells, as Markdown. */
import type { Measure, Unit } from './measure.js';
import { isReached, ratioOfSides, spreadOfSide, type Machine, type Result } from './runner.js';
import type { Spread } from './statistics.js';

export interface Report {
  readonly labels: readonly string[];
  readonly results: readonly Result[];
  readonly measures: readonly Measure[];
  readonly machine: Machine;
}

type Row = readonly string[];

/** A heading and a table for each measure. */
export function terminalTable(report: Report): string {
  const sections = sectionsOf(report).map(({ title, rows }) => `${title}\n\n${padded(rows)}`);
  return `${machineLine(report.machine)}\n\n${sections.join('\n\n')}\n`;
}

export function markdownTable(report: Report): string {
  const sections = sectionsOf(report).map(({ title, rows: [head = [], ...rows] }) => {
    const rule = head.map((_, place) => (place === 0 ? '---' : '---:'));
    const lines = [head, rule, ...rows].map(
      (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
    );
    return `${title}\n\n${lines.join('\n')}`;
  });
  return `${machineLine(report.machine)}\n\n${sections.join('\n\n')}\n`;
}

export function machineLine({ date, commit, node, processors }: Machine): string {
  return `Commit ${commit}, ${date}, Node ${node}, ${processors}.`;
}

function sectionsOf({
  labels,
  results,
  measures,
}: Report): readonly { readonly title: string; readonly rows: Row[] }[] {
  return measures.flatMap(({ name, about, pivot }) => {
    const own = results.filter((result) => result.measure === name && saysSomething(result));
    if (own.length === 0) return [];
    const ratio = labels.length > 1 ? ['ratio'] : [];
    if (pivot === true) return [{ title: `**${name}**: ${about}`, rows: pivoted(own, labels) }];
    const head = ['figure', ...labels, ...ratio, 'aim'];
    return [{ title: `**${name}**: ${about}`, rows: [head, ...own.map((result) => rowOf(result, labels))] }];
  });
}

/** One row for each case and one column for each of its figures, named "case: figure"; sides stand beside each other. */
function pivoted(results: readonly Result[], labels: readonly string[]): Row[] {
  const cells = new Map<string, Map<string, string>>();
  for (const result of results) {
    const [name = '', figure = ''] = result.name.split(': ');
    const row = cells.get(name) ?? new Map<string, string>();
    row.set(figure, labels.map((label) => pivotCell(result, label)).join(' / '));
    cells.set(name, row);
  }
  const figures = [...new Set([...cells.values()].flatMap((row) => [...row.keys()]))];
  const head = [labels.length > 1 ? labels.join(' / ') : 'case', ...figures];
  return [head, ...[...cells].map(([name, row]) => [name, ...figures.map((figure) => row.get(figure) ?? '-')])];
}

/** A missed aim is marked. */
function pivotCell(result: Result, label: string): string {
  const spread = spreadOfSide(result, label);
  const text = cellOf(spread, result.unit);
  return spread && result.aim && !isReached(result.aim, spread) ? `**${text}**` : text;
}

/** That nobody makes a certain call fills no row, unless it is an aim. */
function saysSomething({ unit, aim, sides }: Result): boolean {
  return (
    unit !== 'calls' || aim !== undefined || Object.values(sides).some((values) => values.some((value) => value > 0))
  );
}

function rowOf(result: Result, labels: readonly string[]): Row {
  const values = labels.map((label) => cellOf(spreadOfSide(result, label), result.unit));
  const ratio = labels.length > 1 ? [ratioCell(ratioOfSides(result, labels))] : [];
  return [result.name, ...values, ...ratio, aimCell(result, labels)];
}

/** Median with unit, and the span of the rounds where they differ. */
export function cellOf(spread: Spread | undefined, unit: Unit): string {
  if (spread === undefined) return '-';
  const { median, min, max } = spread;
  const span = format(min) === format(max) ? '' : ` (${format(min)}-${format(max)})`;
  return `${format(median)} ${unit}${span}`;
}

function ratioCell(ratio: Spread | undefined): string {
  return ratio === undefined ? '-' : `x${format(ratio.median)} (${format(ratio.min)}-${format(ratio.max)})`;
}

function aimCell(result: Result, [first = '']: readonly string[]): string {
  const { aim } = result;
  if (aim === undefined) return '';
  const text = 'atMost' in aim ? `≤ ${format(aim.atMost)}` : `≥ ${format(aim.atLeast)}`;
  const spread = spreadOfSide(result, first);
  return spread === undefined ? text : `${text}: ${isReached(aim, spread) ? 'yes' : 'no'}`;
}

/** Three digits that say something. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value
    .toFixed(digits)
    .replace(/\.0+$/, '')
    .replace(/(\.\d*[1-9])0+$/, '$1');
}

function padded(rows: readonly Row[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, place) =>
    Math.max(...rows.map((row) => (row[place] ?? '').length)),
  );
  const line = (row: Row) =>
    row.map((cell, place) => (place === 0 ? cell.padEnd(widths[place] ?? 0) : cell.padStart(widths[place] ?? 0)));
  return rows.map((row) => line(row).join('   ').trimEnd()).join('\n');
}
