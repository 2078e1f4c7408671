/** How rounds become a table, and figures a plot. */
import assert from 'node:assert/strict';
import type { Figure, Measure } from '../../bench/measure.js';
import { format, markdownTable, terminalTable, type Report } from '../../bench/report.js';
import { collect } from '../../bench/runner.js';
import { drawBars } from '../../bench/svg.js';

const machine = { date: '2026-01-02', commit: 'abc', node: 'v24.0.0', processors: '2 x chip' };
const measure: Measure = { name: 'latency', about: 'one at a time', run: () => Promise.resolve([]) };

function figure(value: number, rest: Partial<Figure> = {}): Figure {
  return { name: 'first mount', unit: 'ms', value, ...rest };
}

function reportOf(found: Parameters<typeof collect>[1]): Report {
  return { labels: ['a', 'b'], results: collect('latency', found), measures: [measure], machine };
}

describe('the report of the benchmark', () => {
  it('puts the rounds of each side together, in their order', () => {
    const results = collect('latency', [
      { label: 'a', figures: [figure(1)] },
      { label: 'b', figures: [figure(2)] },
      { label: 'a', figures: [figure(3)] },
      { label: 'b', figures: [figure(6), figure(9, { name: 'only b' })] },
    ]);
    assert.deepEqual(
      results.map(({ name, sides }) => [name, sides]),
      [
        ['first mount', { a: [1, 3], b: [2, 6] }],
        ['only b', { b: [9] }],
      ],
    );
  });

  it('shows medians with the span of the rounds, the ratio of pairs, and whether an aim of the first side is reached', () => {
    const aim = { atMost: 50 };
    const report = reportOf([
      { label: 'a', figures: [figure(40, { aim })] },
      { label: 'b', figures: [figure(80, { aim })] },
      { label: 'a', figures: [figure(50, { aim })] },
      { label: 'b', figures: [figure(200, { aim })] },
    ]);
    assert.match(
      markdownTable(report),
      /^\| first mount \| 45 ms \(40-50\) \| 140 ms \(80-200\) \| x0.38 \(0.25-0.5\) \| ≤ 50: yes \|$/m,
    );
    assert.match(
      terminalTable(report),
      /^Commit abc, 2026-01-02, Node v24.0.0, 2 x chip\.\n\n\*\*latency\*\*: one at a time\n/,
    );
  });

  it('says no where the aim of a rate is missed, and nothing of a side that was not measured', () => {
    const report = reportOf([{ label: 'a', figures: [figure(90, { unit: 'mounts/s', aim: { atLeast: 110 } })] }]);
    assert.match(markdownTable(report), /^\| first mount \| 90 mounts\/s \| - \| - \| ≥ 110: no \|$/m);
  });

  it('gives a case one row where a measure has cases, and marks what had to be none', () => {
    const none = { atMost: 0 };
    const figures = [
      figure(0, { name: 'small: failed', unit: 'mounts', aim: none }),
      figure(9, { name: 'small: peak', unit: 'MiB' }),
      figure(3, { name: 'big: failed', unit: 'mounts', aim: none }),
    ];
    const report = { ...reportOf([{ label: 'a', figures }]), labels: ['a'], measures: [{ ...measure, pivot: true }] };
    assert.deepEqual(markdownTable(report).trimEnd().split('\n').slice(-4), [
      '| case | failed | peak |',
      '| --- | ---: | ---: |',
      '| small | 0 mounts | 9 MiB |',
      '| big | **3 mounts** | - |',
    ]);
  });

  it('leaves out calls that nobody makes', () => {
    const report = reportOf([
      {
        label: 'a',
        figures: [figure(0, { unit: 'calls', name: 'never' }), figure(0, { unit: 'calls', name: 'by b' })],
      },
      {
        label: 'b',
        figures: [figure(0, { unit: 'calls', name: 'never' }), figure(1, { unit: 'calls', name: 'by b' })],
      },
    ]);
    assert.deepEqual(
      [...markdownTable(report).matchAll(/^\| (never|by b) /gm)].map(([, name]) => name),
      ['by b'],
    );
  });

  it('keeps the digits that say something', () => {
    assert.deepEqual([0, 0.256, 1.5, 10, 12.34, 100, 1234.5].map(format), [
      '0',
      '0.26',
      '1.5',
      '10',
      '12.3',
      '100',
      '1235',
    ]);
  });

  it('draws bars to the scale of their group, with the aim as a line, and escapes texts', () => {
    const bars = [
      { label: 'a<b', value: 50, min: 40, max: 60 },
      { label: 'b', value: 100, min: 100, max: 100 },
    ];
    const svg = drawBars('A & B', [{ title: 'latency', unit: 'ms', bars, aim: 25 }]);
    const widths = [...svg.matchAll(/<rect x="150" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
    assert.deepEqual(widths, [315, 630]);
    // A quarter of 630 to the right of where bars begin.
    assert.match(svg, /<line x1="307.5" x2="307.5" [^>]+class="aim"/);
    assert.equal([...svg.matchAll(/class="span"/g)].length, 1, 'a span only where rounds differ');
    assert.ok(svg.includes('A &amp; B') && svg.includes('a&lt;b') && !svg.includes('a<b'));
  });

  it('draws a group in which everything is nought', () => {
    const svg = drawBars('t', [
      { title: 'g', unit: 'kills', bars: [{ label: 'a', value: 0, min: 0, max: 0 }], aim: 0 },
    ]);
    assert.ok(!svg.includes('NaN'));
  });
});
