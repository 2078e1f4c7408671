/** What a command needs of the process that runs it: where it writes, whether in colour, and when it must stop. */
import type { Writable } from 'node:stream';
import type { Environment } from '../options/options.js';

export interface Terminal {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly color: boolean;
  /** Width of a line that people read on a screen; absent when the output goes to a file or a pipe. */
  readonly columns: number | undefined;
  readonly environment: Environment;
  /** Where relative paths begin. */
  readonly directory: string;
  /** Fires when the user wants the command to end. */
  readonly signal: AbortSignal;
}

/** The part of a stream that tells what it is. */
export type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** `FORCE_COLOR` counts most (`0` and `false` say no), then `NO_COLOR`, then whether somebody looks. */
export function wantsColor(screen: Pick<Screen, 'isTTY'>, environment: Environment): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return screen.isTTY === true && environment['TERM'] !== 'dumb';
}

/** npm runs a script in the package's directory, and says where the user was. */
export function userDirectory(environment: Environment, current: string): string {
  const before = environment['INIT_CWD'];
  return environment['npm_lifecycle_event'] === 'try' && before !== undefined && before !== '' ? before : current;
}

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** Colours as functions; without colour they change nothing. */
export function styleOf(color: boolean): Style {
  const paint = (open: number, close: number) => (text: string) =>
    color && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/** Breaks a text between words so that each line, indented, fits the screen; unbroken when nobody looks. */
export function indent(text: string, width: number, columns: number | undefined): string {
  const margin = ' '.repeat(width);
  if (columns === undefined) return margin + text;
  const room = Math.max(40, Math.min(columns, 120) - width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part) => margin + part).join('\n');
}
