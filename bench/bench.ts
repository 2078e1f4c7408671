/** Measures one provider, or two side by side, against the stand-in; see docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdownTable(report));
  if (options.svg !== undefined)
    writeFileSync(options.svg, drawBars('Provider against the stand-in', groupsOf(report)));
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify(jsonOf(report, options), undefined, 2)}\n`);
}

async function run(options: BenchOptions): Promise<Report> {
  const chosen = measures.filter(({ name }) => options.only.includes(name));
  const sides: Side[] = [];
  try {
    for (const side of options.sides) sides.push(await Side.open(side));
    const say = (text: string) => process.stderr.write(`${text}\n`);
    const results = await runMeasures(chosen, sides, { rounds: options.rounds, effort: options.effort, say });
    return { labels: sides.map(({ label }) => label), results, measures, machine: machine(commit()) };
  } finally {
    for (const side of sides) await side.close();
  }
}

/** The commit that is checked out, marked when files differ from it. */
function commit(): string {
  if (!existsSync('.git')) return 'unknown';
  const git = (...words: string[]) => execFileSync('git', words, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'bench', 'package-lock.json');
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
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
