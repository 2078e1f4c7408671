/** The flags that Node needs for this process, which cannot be set once it runs. */

/**
 * A young generation of its default size, and an old one that may quadruple before it is collected, keep tens of
 * megabytes of dead values on every node. The flags bound garbage, not memory: a burst may still use what it needs.
 * The last one closes the moment before our own handler for SIGUSR1 is in place.
 */
export const nodeFlags = ['--max-semi-space-size=4', '--heap-growing-percent=40', '--disable-sigusr1'] as const;

/** The flags that are neither given, nor overruled by another value, nor unknown to this Node. */
export function missingNodeFlags(
  given: readonly string[],
  isKnown: (name: string) => boolean = (name) => process.allowedNodeEnvironmentFlags.has(name),
): readonly string[] {
  const names = new Set(given.map(flagName));
  // V8's own flags are not in Node's list of what NODE_OPTIONS may hold, but every V8 of a supported Node has these.
  const known = (name: string): boolean => name !== '--disable-sigusr1' || isKnown(name);
  return nodeFlags.filter((flag) => !names.has(flagName(flag)) && known(flagName(flag)));
}

/**
 * Starts this very process anew with the flags that are missing: same pid, arguments and environment. Does nothing on
 * Node 20, which cannot; there the flags have to be given (`npm start` does).
 */
export function replaceProcessWithFlags(): void {
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never };
  const options = (process.env['NODE_OPTIONS'] ?? '').split(/\s+/);
  const missing = missingNodeFlags([...process.execArgv, ...options]);
  if (execve === undefined || missing.length === 0) return;
  const args = [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)];
  execve.call(process, process.execPath, args, process.env);
}

function flagName(flag: string): string {
  return (flag.split('=')[0] ?? '').replaceAll('_', '-');
}
