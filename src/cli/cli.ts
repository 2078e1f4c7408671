/** The commands for people: reads which one, ends with its exit code. */
import { ProviderError } from '../errors.js';
import { runStandIn, standInUsage } from '../local/run.js';
import { userDirectory, wantsColor, type Terminal } from './terminal.js';
import { bugText, runTry } from './try.js';

const usage = `Usage: node dist/cli.js <command>

  try [options]   mount secrets on this machine as a pod gets them, and show the files (try --help)
  ${standInUsage}
                  run the stand-in for AWS and Kubernetes alone; prints where it listens as one line of JSON
`;

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command === 'try') return runTry(rest, processTerminal());
  if (command === 'stand-in') return standIn(rest);
  if (command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  process.stderr.write(usage);
  return 2;
}

async function standIn(argv: readonly string[]): Promise<number> {
  try {
    await runStandIn(argv, {
      print: (line) => process.stdout.write(line),
      complain: (line) => process.stderr.write(line),
    });
    return 0;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.code === 'invalid_parameter' ? 2 : 1;
  }
}

function processTerminal(): Terminal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort();
    });
  }
  // Nobody reads on (`| head`): end, and clean up as with Ctrl-C.
  process.stdout.on('error', () => {
    stop.abort();
  });
  return {
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    color: wantsColor(process.stdout, process.env),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    environment: process.env,
    directory: userDirectory(process.env, process.cwd()),
    signal: stop.signal,
  };
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(bugText(error));
    process.exitCode = 1;
  },
);
