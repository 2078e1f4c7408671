/** The flags that Node needs for this process; all but one cannot be set once it runs. */
import v8 from 'node:v8';

/**
 * A young generation of its default size keeps tens of megabytes of dead values on every node. Node would parse all its
 * roots as soon as TLS is loaded, which is a third of a second at 50m of CPU, used or not; every connection here names its
 * own roots. The last flag closes the moment before our own handler for SIGUSR1 is in place.
 * None of them may make V8 refuse the code that Node brings along for its own modules (docs/adr/0009).
 */
export const nodeFlags = ['--max-semi-space-size=4', '--use-openssl-ca', '--disable-sigusr1'] as const;

/** By how much the old generation may grow before it is collected, in percent; by default it may quadruple. */
const growingFlag = '--heap-growing-percent=40';

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
 * Has the old generation collected before it has grown much, unless the process was started with another value. On the
 * command line the flag would make V8 refuse all code that was compiled before, Node's own too: 30 ms of CPU at each start.
 * So it is set when the code is there, and lifted before code is kept for another process.
 * @returns what lifts it
 */
export function boundOldGeneration(): () => void {
  const name = flagName(growingFlag);
  if (givenFlags().some((flag) => flagName(flag) === name)) return () => undefined;
  v8.setFlagsFromString(growingFlag);
  return () => {
    v8.setFlagsFromString(`${name}=0`);
  };
}

function givenFlags(): readonly string[] {
  const { NODE_OPTIONS: options = '', NODE_USE_SYSTEM_CA: systemRoots } = process.env;
  return [...process.execArgv, ...options.split(/\s+/), ...(systemRoots === '1' ? ['--use-system-ca'] : [])];
}

function flagName(flag: string): string {
  return (flag.split('=')[0] ?? '').replaceAll('_', '-');
}
