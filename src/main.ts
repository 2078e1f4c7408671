/** The provider process: reads how it was started, wires everything, serves until it is told to stop. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadKubernetesConnection } from './auth/find-kubernetes.js';
import { createKubernetesApi } from './auth/kubernetes.js';
import { ProviderError } from './errors.js';
import { stopSignals } from './process/hardening.js';
import { createLogger, type Logger } from './log.js';
import type { Mount } from './mount/ports.js';
import { setLateFlags } from './process/node-flags.js';
import { parseOptions, programName, programVersion, type Options } from './options/options.js';
import { startHealthListener } from './server/health.js';
import { startServer, type ProviderServer, type ServerCondition } from './server/server.js';
import { bugTrace } from './server/status.js';
import { readNetwork } from './network/network.js';

/** Log lines that wait for a slow reader, in bytes; what comes on top is lost, or it would fill the memory. */
const pendingLogBytes = 1024 * 1024;

/** From serving to loading what mounts need, in milliseconds. */
const loadDelayMs = 500;

/** Longest wait for the last log lines to leave. */
const logFlushMs = 500;

/** What the program is started with. */
export interface Surroundings {
  /** Where the program of the worker lies. */
  readonly folder: string;
  /** Called at the very end of a process that has mounted. */
  readonly atExit: () => void;
}

/** Serves until it is told to stop, and ends the process. */
export async function main(surroundings: Surroundings): Promise<void> {
  const told = toldToStop();
  const parsed = parseOptions(process.argv.slice(2), process.env);
  if (parsed.kind === 'help') {
    process.stderr.write(parsed.usage);
    await exit(0);
    return;
  }
  process.stdout.on('error', () => {
    // Whoever read the log is gone (EPIPE): the mounts go on.
  });
  if (parsed.kind === 'error') {
    const log = createLogger({ level: 'error', format: 'json', write: writeLog });
    await failStart(log, parsed.message, parsed.usage);
    return;
  }
  const { options } = parsed;
  const log = createLogger({ level: options.logLevel, format: options.logFormat, write: writeLog });
  let server: ProviderServer;
  try {
    server = await start(options, log, surroundings);
  } catch (error) {
    await failStart(log, error instanceof ProviderError ? error.message : `internal error: ${bugTrace(error)}`);
    return;
  }
  log.info('stopping', { signal: await told });
  await server.stop();
  log.info('stopped');
  await exit(0);
}

/** @throws ProviderError `start_failed`, with no socket left behind */
async function start(options: Options, log: Logger, surroundings: Surroundings): Promise<ProviderServer> {
  redirectNotices(log);
  const runtime = { name: programName, version: programVersion };
  const { mount, load } = await lateMount(options, log, surroundings);
  let condition = (): ServerCondition => ({ kind: 'starting' });
  // Before the socket: a port that is taken must not leave one behind.
  const { httpPort } = options;
  const health =
    httpPort === 0 ? undefined : await startHealthListener({ port: httpPort, condition: () => condition() });
  const server = await startServer({ directory: options.providerVolume, mount, runtime, log });
  condition = server.condition;
  keepGoing(log);
  // After the calls that come at once: a health check must not wait for it, and a mount starts it anyway.
  setTimeout(() => void load(), loadDelayMs);
  log.info('serving', {
    ...runtime,
    node: process.version,
    socket: server.socketPath,
    ...(health !== undefined && { httpPort: health.port }),
    writer: options.driverWrites ? 'driver' : 'provider',
  });
  if (options.ignoredArguments.length > 0) {
    log.warn('arguments after the first one that is no flag are ignored', { arguments: options.ignoredArguments });
  }
  return server;
}

interface LateMount {
  readonly mount: Mount;
  readonly load: () => Promise<Mount>;
}

/**
 * The mount, loaded once the process serves: a mount that comes before waits for it. Everything that the user may have
 * set wrong is checked here, at once.
 * @throws ProviderError `start_failed`
 */
async function lateMount(options: Options, log: Logger, { folder, atExit }: Surroundings): Promise<LateMount> {
  const connection = await loadKubernetesConnection(process.env, readFileSync, async (list, readFile) => {
    const { readKubeconfig } = await import('./auth/kubeconfig.js');
    return readKubeconfig(list, readFile);
  });
  const kubernetes = createKubernetesApi({ connection, qps: options.qps, burst: options.burst });
  const network = readNetwork(process.env);
  const workerFile = path.join(folder, 'extract-worker.js');
  let loaded: Promise<Mount> | undefined;
  const load = (): Promise<Mount> => {
    loaded ??= import('./compose-mount.js').then(({ composeMount }) => {
      const composed = composeMount(options, { kubernetes, network, workerFile, log });
      log.debug('loaded what mounts need');
      return composed;
    });
    return loaded;
  };
  const settleIn = once(() => {
    const lift = setLateFlags();
    process.once('exit', () => {
      lift();
      atExit();
    });
  });
  const mount: Mount = async (call, context) => {
    const loadedMount = await load();
    // The first mount loads the last of the code.
    return loadedMount(call, context).finally(settleIn);
  };
  return { load, mount };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

/** Resolves with the first signal that asks the process to end; it may come before the start is over. */
function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) {
      process.on(signal, () => {
        resolve(signal);
      });
    }
  });
}

/** What Node and grpc-js would print becomes lines of the log. */
function redirectNotices(log: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    log.warn('notice of Node', { name: warning.name, text: warning.message });
  });
  const toLog = (text?: unknown): void => {
    log.debug('notice of grpc-js', { text: typeof text === 'string' ? text : typeof text });
  };
  grpc.setLogger({ error: toLog, info: toLog, debug: toLog });
}

/**
 * An exception that reaches nobody is our bug, but ending the process would answer every mount under way UNAVAILABLE,
 * after which kubelet may start pods with empty volumes. A mount shares nothing that an exception could leave half
 * done but caches, whose entries are set whole; its own time ends it. So the process goes on, and says so.
 */
function keepGoing(log: Logger): void {
  const report = (error: unknown, origin: string): void => {
    log.error('an exception reached nobody; the process goes on', { origin, trace: bugTrace(error) });
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', (reason) => {
    report(reason, 'unhandledRejection');
  });
}

async function failStart(log: Logger, message: string, usage?: string): Promise<void> {
  log.error('the provider cannot start', { error: message });
  // As Go prints it; and once more where `kubectl logs` and `kubectl describe` look, which is the end.
  process.stderr.write(usage === undefined ? `${message}\n` : `${message}\n${usage}${message}\n`);
  // As in Go, 2 is for a wrong command line.
  await exit(usage === undefined ? 1 : 2);
}

function writeLog(line: string): void {
  if (process.stdout.writableLength < pendingLogBytes) process.stdout.write(line);
}

/** Ends the process: idle connections, workers and timers would keep it. */
async function exit(code: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, logFlushMs);
    process.stdout.write('', () => {
      resolve();
    });
  });
  process.exit(code);
}
