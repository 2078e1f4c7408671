/** Draws figures as bars, one group for each, every group to its own scale: units differ from one to the next. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Smallest and largest round. */
  readonly min: number;
  readonly max: number;
}

export interface Group {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** Drawn as a line across the group. */
  readonly aim: number | undefined;
}

const width = 900;
const left = 20;
const barLeft = 150;
const barRight = 780;
const barHeight = 16;
const titleHeight = 24;
const gap = 14;
/** Colours for light and dark pages; the bars of a group take turns. */
const style = `
    .page { fill: #ffffff; }
    text { fill: #14212e; }
    .bar0 { fill: #0b5cad; }
    .bar1 { fill: #9aa4b2; }
    .span { stroke: #14212e; }
    .aim { stroke: #b3261e; stroke-dasharray: 4 3; }
    text.aimed { fill: #b3261e; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; }
      text { fill: #eef3f8; }
      .bar0 { fill: #6cb2ff; }
      .bar1 { fill: #5b6b7f; }
      .span { stroke: #eef3f8; }
      .aim { stroke: #ff8a80; }
      text.aimed { fill: #ff8a80; }
    }
  `;

/** A whole document; texts are escaped. */
export function drawBars(title: string, groups: readonly Group[]): string {
  let top = 56;
  const parts = groups.map((group) => {
    const drawn = drawGroup(group, top);
    top += heightOf(group);
    return drawn;
  });
  const head = `<text x="${left}" y="28" font-size="16" font-weight="600">${escape(title)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img" aria-labelledby="title" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="12">
  <title id="title">${escape(title)}</title>
  <style>${style}</style>
<rect class="page" width="${width}" height="${top}"/>
${[head, ...parts].join('\n')}
</svg>
`;
}

function heightOf({ bars }: Group): number {
  return titleHeight + bars.length * (barHeight + 4) + gap;
}

function drawGroup(group: Group, top: number): string {
  const scale = scaleOf(group);
  const bars = group.bars.map((bar, place) => {
    const y = top + titleHeight + place * (barHeight + 4);
    const middle = y + barHeight / 2;
    const span =
      bar.min < bar.max
        ? `<line x1="${scale(bar.min)}" x2="${scale(bar.max)}" y1="${middle}" y2="${middle}" class="span"/>`
        : '';
    return `<text x="${barLeft - 8}" y="${middle + 4}" text-anchor="end">${escape(shortened(bar.label))}</text>
<rect x="${barLeft}" y="${y}" width="${round(scale(bar.value) - barLeft)}" height="${barHeight}" class="bar${place % 2}"/>${span}
<text x="${barRight + 8}" y="${middle + 4}">${escape(`${shown(bar.value)} ${group.unit}`)}</text>`;
  });
  return `<text x="${left}" y="${top + 14}" font-weight="600">${escape(group.title)}</text>
${[...bars, drawAim(group, top, scale)].join('\n')}`;
}

function drawAim(group: Group, top: number, scale: (value: number) => number): string {
  if (group.aim === undefined) return '';
  const x = scale(group.aim);
  const bottom = top + heightOf(group) - gap;
  return `<line x1="${x}" x2="${x}" y1="${top + titleHeight - 4}" y2="${bottom}" class="aim"/>
<text x="${width - left}" y="${top + 14}" text-anchor="end" class="aimed">aim ${shown(group.aim)}</text>`;
}

/** From a value to a place on the x axis; bars begin at nought. */
function scaleOf({ bars, aim }: Group): (value: number) => number {
  const largest = Math.max(aim ?? 0, ...bars.map(({ max }) => max));
  if (largest === 0) return () => barLeft;
  return (value) => round(barLeft + (value / largest) * (barRight - barLeft));
}

function shortened(text: string): string {
  return text.length > 20 ? `${text.slice(0, 19)}…` : text;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? '');
}
