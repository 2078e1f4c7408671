/** A request that has arrived whole, before anybody has looked what it is. */
import type { IncomingMessage } from 'node:http';
import type { Face, Service } from './types.js';

export interface Incoming {
  readonly face: Face;
  /** The only service that this listener serves; absent where it tells by the request. */
  readonly only: Service | undefined;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body: Buffer;
  readonly connection: number;
  /** The `Host` header. */
  readonly host: string;
  /** Value of a header by its name in lower case; several are joined by a comma. */
  header(name: string): string | undefined;
}

/** Largest body taken, in bytes: AWS's requests here are far smaller. */
const bodyLimit = 1024 * 1024;

/** The whole body; `undefined` when it is too large or the connection ends before it does. */
export function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyLimit) resolve(undefined);
      else chunks.push(chunk);
    });
    message.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    message.on('error', () => {
      resolve(undefined);
    });
    message.on('close', () => {
      resolve(undefined);
    });
  });
}

export function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
