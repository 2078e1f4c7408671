/** Runs moto's server (PyPI `moto[server]`): Secrets Manager, Parameter Store and STS as others have written them. */
import { spawn, type ChildProcess } from 'node:child_process';

export interface MotoServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The server's own line once it listens on the port that the kernel chose. */
const listening = /Running on (http:\/\/127\.0\.0\.1:\d+)/;
const startTimeoutMs = 30_000;

/**
 * @param account every caller is of this account; absent: each of the account of the role that it has assumed
 * @throws Error when MOTO_SERVER names no program that starts, with what it said
 */
export async function startMotoServer(account?: string): Promise<MotoServer> {
  const program = process.env['MOTO_SERVER'] ?? '';
  if (program === '') {
    throw new Error(
      "MOTO_SERVER is not set: it is the path of moto_server, of a virtual environment with `pip install 'moto[server]==5.2.*'`",
    );
  }
  const child = spawn(program, ['--host', '127.0.0.1', '--port', '0'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PYTHONUNBUFFERED: '1',
      ...(account !== undefined && { MOTO_ACCOUNT_ID: account }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill();
    await closed;
  };
  try {
    return { url: await addressOf(child), stop };
  } catch (error) {
    // A program that did not start has nothing to close.
    if (child.pid !== undefined) await stop();
    throw error;
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnfile}: ${reason}\n${output}`));
    };
    const timer = setTimeout(fail, startTimeoutMs, 'does not listen after 30 seconds');
    child.once('error', ({ message }) => {
      fail(message);
    });
    child.once('exit', () => {
      fail('has ended');
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        // The log of its requests is of no use later.
        if (output.length < 10_000) output += chunk;
        const url = listening.exec(output)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url);
      });
    }
  });
}
