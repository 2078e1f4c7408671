/** Measures one provider, or two side by side, against the stand-in; see docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import { measures } from './measures/all.js';
import { readOptions, usage, type BenchOptions } from './options.js';
import { markdownTable, terminalTable, type Report } from './report.js';
import { machine, runMeasures, spreadOfSide } from './runner.js';
import { Side } from './side.js';
import { drawBars, type Group } from './svg.js';

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (options === 'help') {
    process.stdout.write(usage);
    return;
  }
  const report = await run(options);
  process.stdout.write(terminalTable(report));
  const { markdown, svg, json } = options;
  if (markdown !== undefined) await write(markdown, betweenMarks(markdown, markdownTable(report)), 'markdown');
  if (json !== undefined) await write(json, JSON.stringify(jsonOf(report, options)), 'json');
  if (svg !== undefined) writeFileSync(svg, drawBars('Provider against the stand-in', groupsOf(report)));
}

async function run(options: BenchOptions): Promise<Report> {
  const chosen = measures.filter(({ name }) => options.only.includes(name));
  const sides: Side[] = [];
  // The second signal ends the process as it is.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const side of sides) side.abort();
    });
  }
  try {
    for (const side of options.sides) sides.push(await Side.open(side));
    const say = (text: string) => process.stderr.write(`${text}\n`);
    const results = await runMeasures(chosen, sides, { rounds: options.rounds, effort: options.effort, say });
    return { labels: sides.map(({ label }) => label), results, measures, machine: machine(commit()) };
  } finally {
    for (const side of sides) await side.close();
  }
}

/** In the form that the repository's own files have. */
async function write(file: string, text: string, parser: 'markdown' | 'json'): Promise<void> {
  const config = await prettier.resolveConfig(path.resolve(file));
  writeFileSync(file, await prettier.format(text, { ...config, parser }));
}

/** The text alone, or the page that is there with the text in the place of its old one. */
function betweenMarks(file: string, text: string): string {
  const page = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [begin, end] = ['<!-- table: begin -->', '<!-- table: end -->'];
  if (!page.includes(begin) || !page.includes(end)) return text;
  return `${page.slice(0, page.indexOf(begin) + begin.length)}\n\n${text}\n${page.slice(page.indexOf(end))}`;
}

/** The commit that is checked out, marked when files differ from it. */
function commit(): string {
  const git = (...words: string[]) => execFileSync('git', words, { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'bench', 'package-lock.json');
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown'; // no checkout, or one of somebody else
  }
}

function groupsOf({ results, labels }: Report): readonly Group[] {
  return results
    .filter(({ plot }) => plot)
    .map((result) => ({
      title: `${result.measure}: ${result.name}`,
      unit: result.unit,
      aim: result.aim && ('atMost' in result.aim ? result.aim.atMost : result.aim.atLeast),
      bars: labels.flatMap((label) => {
        const spread = spreadOfSide(result, label);
        return spread === undefined ? [] : [{ label, value: spread.median, min: spread.min, max: spread.max }];
      }),
    }));
}

function jsonOf({ results, labels, machine: where }: Report, { rounds, quick, sides }: BenchOptions): object {
  const commands = Object.fromEntries(sides.map(({ label, command }) => [label, command.map(shown).join(' ')]));
  const rows = results.map(({ plot: _, aim, ...result }) => ({ ...result, ...(aim && { aim }) }));
  return { machine: where, quick, rounds, labels, commands, results: rows };
}

/** A word of a command without what is this machine's own. */
function shown(word: string): string {
  if (word === process.execPath) return 'node';
  return word.startsWith(`${process.cwd()}/`) ? path.relative(process.cwd(), word) : word;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
