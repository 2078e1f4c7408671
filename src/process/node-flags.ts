/** The flags that Node needs for this process: those of its start, and those that are better set once it runs. */
import v8 from 'node:v8';

/**
 * A young generation of its default size keeps tens of megabytes of dead values on every node. Node would parse all its
 * roots as soon as TLS is loaded, which is a third of a second at 50m of CPU, used or not; every connection here names its
 * own roots. The optimizing compilers work in the main thread: beside it several do at once, and of the 10 to 25 MiB that
 * they take then, malloc gives nothing back. The last flag closes the moment before our own handler for SIGUSR1 is in place.
 * None of them may make V8 refuse the code that Node brings along for its own modules (docs/adr/0009).
 */
export const nodeFlags = [
  '--max-semi-space-size=4',
  '--no-concurrent-recompilation',
  '--use-openssl-ca',
  '--disable-sigusr1',
] as const;

/**
 * The old generation grows by so many percent before it is collected; by default it may quadruple. Sparkplug, the compiler
 * between the interpreter and the optimizing ones, costs as much CPU as it saves for what a mount runs, and memory.
 */
const lateFlags = [
  { set: '--heap-growing-percent=40', lift: '--heap-growing-percent=0' },
  { set: '--no-sparkplug', lift: '--sparkplug' },
] as const;

/** V8 has no compiler under these: turning Sparkplug on again ends the process. */
const withoutCompilers = ['--jitless', '--lite-mode'];

/** Other roots than OpenSSL's as Node's default: Node starts with one choice only. */
const otherRoots = ['--use-bundled-ca', '--use-system-ca'];

/** The flags that are neither given, nor overruled by another value, nor unknown to this Node. */
export function missingNodeFlags(
  given: readonly string[],
  isKnown: (name: string) => boolean = (name) => process.allowedNodeEnvironmentFlags.has(name),
): readonly string[] {
  const names = new Set(given.map(flagName));
  // V8's own flags are not in Node's list of what NODE_OPTIONS may hold, but every V8 of a supported Node has these.
  const known = (name: string): boolean => name !== '--disable-sigusr1' || isKnown(name);
  const clashes = (name: string): boolean =>
    name === '--use-openssl-ca' && otherRoots.some((other) => names.has(other));
  return nodeFlags.filter((flag) => {
    const name = flagName(flag);
    return !names.has(name) && known(name) && !clashes(name);
  });
}

/**
 * Starts this very process anew with the flags that are missing: same pid, arguments and environment. Does nothing on
 * Node 20, which cannot; there the flags have to be given (`npm start` does).
 */
export function replaceProcessWithFlags(): void {
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never };
  const missing = missingNodeFlags(givenFlags());
  if (execve === undefined || missing.length === 0) return;
  const args = [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)];
  execve.call(process, process.execPath, args, process.env);
}

/**
 * Sets the flags that V8 obeys at any time, unless the process was started with another choice. On the command line they
 * would make V8 refuse all code that was compiled before, Node's own too: 30 ms of CPU at each start. So this is for when
 * the code is there.
 * @returns what lifts them again, so that code can be kept for another process
 */
export function setLateFlags(): () => void {
  const given = new Set(givenFlags().map((flag) => withoutNo(flagName(flag))));
  if (withoutCompilers.some((flag) => given.has(flag))) given.add('--sparkplug');
  const ours = lateFlags.filter(({ set }) => !given.has(withoutNo(flagName(set))));
  for (const { set } of ours) v8.setFlagsFromString(set);
  return () => {
    for (const { lift } of ours) v8.setFlagsFromString(lift);
  };
}

function givenFlags(): readonly string[] {
  const { NODE_OPTIONS: options = '', NODE_USE_SYSTEM_CA: systemRoots } = process.env;
  return [...process.execArgv, ...options.split(/\s+/), ...(systemRoots === '1' ? ['--use-system-ca'] : [])];
}

function flagName(flag: string): string {
  return (flag.split('=')[0] ?? '').replaceAll('_', '-');
}

/** The name of what `--no-...` turns off. */
function withoutNo(name: string): string {
  return name.replace(/^--no-/, '--');
}
