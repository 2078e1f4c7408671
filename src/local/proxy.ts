/** The CONNECT proxy: leads to AWS's host names on the TLS face, and to nothing else. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { hostName, parseAwsHost } from './recognize.js';
import type { RecordedConnect } from './types.js';

export interface ProxyOptions {
  /** Takes the connections to AWS's names. */
  readonly target: Server;
  readonly record: (connect: RecordedConnect) => void;
}

/** Not listening yet. A plain request through it, and a CONNECT to any other name, are refused and recorded. */
export function createProxy({ target, record }: ProxyOptions): Server {
  const proxy = createServer((message, response) => {
    record({ time: Date.now(), authority: message.headers.host ?? '', accepted: false });
    response.writeHead(403, { 'content-type': 'text/plain' }).end('this proxy leads to AWS only\n');
  });
  proxy.on('connect', (message, socket, head) => {
    const authority = message.url ?? '';
    const accepted = authority.endsWith(':443') && parseAwsHost(hostName(authority)) !== undefined;
    record({ time: Date.now(), authority, accepted });
    if (!accepted) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    target.emit('connection', socket);
  });
  return proxy;
}
