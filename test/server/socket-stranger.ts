/**
 * A second provider beside ours, as a process of its own: takes the path over by a rename, says `ready`, and at the end
 * of its input unlinks the path whoever owns it, as ASCP does. With the argument `leave` it leaves its dead socket.
 */
import { renameSync, rmSync } from 'node:fs';
import net from 'node:net';

const [socketPath = '', atExit = 'unlink'] = process.argv.slice(2);
const server = net.createServer((connection) => connection.destroy());
server.listen(`${socketPath}.s`, () => {
  renameSync(`${socketPath}.s`, socketPath);
  process.stdout.write('ready\n');
});
process.stdin.resume().on('end', () => {
  if (atExit === 'unlink') rmSync(socketPath, { force: true });
  process.exit(0);
});
