/** Structured log lines on standard output; collectors take standard error for failures. */
import { escapeControls } from './errors.js';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ['json', 'text'] as const;
export type LogFormat = (typeof logFormats)[number];

/** What a line carries beside its message. `undefined` fields are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one whole line, line feed included. */
  readonly write: (line: string) => void;
  /** The clock; for tests. */
  readonly now?: () => Date;
}

/** Longest text of one field, in characters: what tenants write costs bounded log. */
const fieldLimit = 8 * 1024;

export function createLogger(options: LoggerOptions): Logger {
  const threshold = logLevels.indexOf(options.level);
  const now = options.now ?? (() => new Date());
  const render = options.format === 'json' ? renderJson : renderText;
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (logLevels.indexOf(level) < threshold) return;
    options.write(`${render(now().toISOString(), level, message, fields ?? {})}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A logger that keeps nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function renderJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const line: Record<string, unknown> = { time, level, message: clean(message) };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) line[name] = cleanField(value);
  return JSON.stringify(line);
}

function renderText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const parts = [time, level.toUpperCase().padEnd(5), clean(message)];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${name}=${JSON.stringify(cleanField(value))}`);
  }
  return parts.join(' ');
}

function cleanField(value: NonNullable<LogFields[string]>): unknown {
  if (typeof value === 'string') return clean(value);
  return Array.isArray(value) ? value.map((item) => clean(String(item))) : value;
}

function clean(text: string): string {
  return escapeControls(text.length > fieldLimit ? `${text.slice(0, fieldLimit)}…` : text);
}
