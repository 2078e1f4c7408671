/** Runs a stand-in as a process of its own: `--store FILE`, one JSON line when ready, ends with a signal. */
import { unwatchFile, watchFile } from 'node:fs';
import { parseArgs } from 'node:util';
import { ProviderError, describeError } from '../errors.js';
import { startStandIn } from './stand-in.js';
import type { StandIn, StandInOptions } from './types.js';

export interface RunOptions {
  /** Takes the line that says it is ready, line feed included. */
  readonly print: (line: string) => void;
  /** Takes complaints about a store that was edited and is bad now; the old one stays in force. */
  readonly complain: (line: string) => void;
  /** Ends it; the signals of the process do so too. */
  readonly signal?: AbortSignal;
}

/** How often the store file is looked at, in milliseconds. */
const watchIntervalMs = 500;

export const standInUsage =
  'stand-in --store FILE [--latency-ms N] [--sts-latency-ms N] [--agent-latency-ms N] [--kubernetes-latency-ms N] [--credential-lifetime-ms N] [--omit-selectors]';

/**
 * Starts a stand-in and waits for SIGTERM, SIGINT or the signal of `options`; the store file is read again when it
 * changes. The line holds `urls`, `files`, `flags`, `environment` and `realHostNames` (the other environment).
 * @throws ProviderError `invalid_parameter` for a bad argument, `invalid_request` for a bad store
 */
export async function runStandIn(argv: readonly string[], options: RunOptions): Promise<void> {
  const settings = readArguments(argv);
  const standIn = await startStandIn(settings);
  const ended = untilEnd(options.signal);
  watchFile(settings.store, { interval: watchIntervalMs }, () => {
    reload(standIn, settings.store, options.complain);
  });
  options.print(`${JSON.stringify(readyLine(standIn))}\n`);
  await ended;
  unwatchFile(settings.store);
  await standIn.close();
}

/** What the line says, also of use to a caller that holds the stand-in itself. */
export function readyLine(standIn: StandIn): Record<string, unknown> {
  const { urls, files, flags } = standIn;
  const realHostNames = standIn.environment({ realHostNames: true });
  return { urls, files, flags, environment: standIn.environment(), realHostNames, pid: process.pid };
}

function readArguments(argv: readonly string[]): StandInOptions & { readonly store: string } {
  const text = { type: 'string' } as const;
  const { values } = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        store: text,
        'latency-ms': text,
        'sts-latency-ms': text,
        'agent-latency-ms': text,
        'kubernetes-latency-ms': text,
        'credential-lifetime-ms': text,
        'omit-selectors': { type: 'boolean' },
      },
    }),
  );
  if (values.store === undefined) throw new ProviderError('invalid_parameter', `--store is missing: ${standInUsage}`);
  const aws = readMs('latency-ms', values['latency-ms']) ?? 0;
  const lifetime = readMs('credential-lifetime-ms', values['credential-lifetime-ms']);
  return {
    store: values.store,
    latencyMs: {
      aws,
      sts: readMs('sts-latency-ms', values['sts-latency-ms']) ?? aws,
      agent: readMs('agent-latency-ms', values['agent-latency-ms']) ?? aws,
      kubernetes: readMs('kubernetes-latency-ms', values['kubernetes-latency-ms']) ?? 0,
    },
    ...(lifetime === undefined ? {} : { credentialLifetimeMs: lifetime }),
    omitSelectors: values['omit-selectors'] === true,
  };
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ProviderError('invalid_parameter', `${describeError(error)}: ${standInUsage}`);
  }
}

function readMs(name: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new ProviderError('invalid_parameter', `--${name} must be a whole number of milliseconds`);
}

function reload(standIn: StandIn, file: string, complain: (line: string) => void): void {
  try {
    standIn.replace(file);
  } catch (error) {
    complain(`${describeError(error)}; the store as it was stays in force\n`);
  }
}

function untilEnd(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      process.off('SIGTERM', end).off('SIGINT', end);
      resolve();
    };
    process.on('SIGTERM', end).on('SIGINT', end);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
  });
}
