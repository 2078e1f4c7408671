/**
 * Imported by `start.ts` before anything else, for its effect alone: from here on no signal opens a debugger, and the
 * environment holds no identity of the node's. A process that was started in a revealing way ends here.
 */
import { harmlessSignals, scrubEnvironment, startRefusal } from './hardening.js';
import { createLogger } from '../log.js';
import { replaceProcessWithFlags } from './node-flags.js';

for (const signal of harmlessSignals) process.on(signal, () => undefined);
const refusal = startRefusal(process.env, process.execArgv);
if (refusal !== undefined) {
  const write = (line: string): void => void process.stdout.write(line);
  createLogger({ level: 'error', format: 'json', write }).error('the provider cannot start', { error: refusal });
  process.stderr.write(`${refusal}\n`);
  process.exit(1);
}
scrubEnvironment(process.env);
replaceProcessWithFlags();
