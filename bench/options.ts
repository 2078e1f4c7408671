/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { fullEffort, quickEffort, type Effort } from './measure.js';
import { measures } from './measures/all.js';
import { defaultCommand, type SideOptions } from './side.js';

export const usage = `Usage: npm run bench -- [options]

  --provider-cmd "..."   command of the provider; default: the built one, with the flags that the image gives Node.
                         Flags of its own go in here as well: "node dist/main.js --log-level=error"
  --label TEXT           its name in the table (default: this provider)
  --versus-cmd "..."     command of another provider, measured in the same run: A B A B
  --versus-label TEXT    its name (default: the other)
  --plain-flags WHO      who knows the flags of AWS's provider only and finds Kubernetes as a pod does:
                         none (default), provider, versus or both. Needs root
  --only LIST            measures, with commas between: ${measures.map(({ name }) => name).join(', ')}
  --rotation             measure rotation too, which takes four minutes
  --quick                a look that takes a minute or two; its figures are rough
  --mounts N             most mounts of one series
  --rounds N             rounds of each measure (default 3, with --quick 1)
  --repeats N            runs of each burst in a control group (default 3, with --quick 1)
  --quotas LIST          CPU quotas of starts and bursts in control groups: 50m,100m,none
  --json FILE            write all figures there
  --svg FILE             draw the main ones there
  --markdown FILE        write the table there: between its two marks, where the file has them (docs/performance.md)

A command must become the provider itself (a script ends with exec). --provider-volume and the flags and variables that
lead to the stand-in are added to it.
`;

export interface BenchOptions {
  readonly sides: readonly SideOptions[];
  readonly only: readonly string[];
  readonly effort: Effort;
  readonly quick: boolean;
  readonly rounds: number;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly markdown: string | undefined;
}

/** @throws Error that says what is wrong with the arguments */
export function readOptions(argv: readonly string[]): BenchOptions | 'help' {
  const text = { type: 'string' } as const;
  const yes = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      'provider-cmd': text,
      label: { ...text, default: 'this provider' },
      'versus-cmd': text,
      'versus-label': { ...text, default: 'the other' },
      'plain-flags': { ...text, default: 'none' },
      only: text,
      rotation: yes,
      quick: yes,
      mounts: text,
      rounds: text,
      repeats: text,
      quotas: text,
      json: text,
      svg: text,
      markdown: text,
      help: { ...yes, short: 'h' },
    },
  });
  if (values.help) return 'help';
  const plain = oneOf('plain-flags', values['plain-flags'], ['none', 'provider', 'versus', 'both']);
  const command = values['provider-cmd'] === undefined ? defaultCommand() : splitWords(values['provider-cmd']);
  const provider = { label: values.label, command, plain: plain === 'provider' || plain === 'both' };
  const versus = values['versus-cmd'] === undefined ? [] : [{ command: splitWords(values['versus-cmd']) }];
  const versusRest = { label: values['versus-label'], plain: plain === 'versus' || plain === 'both' };
  const sides = [provider, ...versus.map((side) => ({ ...side, ...versusRest }))];
  if (new Set(sides.map(({ label }) => label)).size < sides.length) throw new Error('the two labels must differ');
  const base = values.quick ? quickEffort : fullEffort;
  return {
    sides,
    only: readOnly(values.only, values.rotation),
    effort: {
      ...base,
      mounts: count('mounts', values.mounts) ?? base.mounts,
      repeats: count('repeats', values.repeats) ?? base.repeats,
      quotas: values.quotas === undefined ? base.quotas : values.quotas.split(',').map(readQuota),
    },
    quick: values.quick,
    rounds: count('rounds', values.rounds) ?? (values.quick ? 1 : 3),
    json: values.json,
    svg: values.svg,
    markdown: values.markdown,
  };
}

/** Words of a command; quotes keep blanks together, as in a shell, and nothing else is special. */
export function splitWords(text: string): readonly string[] {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  );
  if (words.length === 0) throw new Error('a command is empty');
  return words;
}

function readOnly(text: string | undefined, rotation: boolean): readonly string[] {
  const all = measures.map(({ name }) => name);
  const named = text?.split(',').map((name) => oneOf('only', name.trim(), all));
  return named ?? measures.filter(({ onlyWhenAsked }) => onlyWhenAsked !== true || rotation).map(({ name }) => name);
}

function readQuota(text: string): number | undefined {
  if (text === 'none') return undefined;
  const [, millis] = /^(\d+)m$/.exec(text) ?? [];
  if (millis === undefined || Number(millis) < 10) throw new Error(`--quotas: ${text} is no CPU quota such as 50m`);
  return Number(millis);
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on`);
  return Number(text);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw new Error(`--${name}: ${text} is none of ${allowed.join(', ')}`);
  return found;
}
