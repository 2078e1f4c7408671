/**
 * The stand-in's methods over HTTP, for a test or a benchmark in another process. Every body is JSON:
 * `GET /requests`, `DELETE /requests`, `GET /connects`, `GET /connections`, `POST /token` (TokenOptions),
 * `POST /tokens-attribute` (answers the attribute's text as a JSON string), `POST /update` and `POST /replace` (a store document), `POST /latencies`,
 * `POST /faults` (answers `{"id"}`), `GET /faults/ID` (`{"hits"}`), `DELETE /faults/ID`, `DELETE /faults`,
 * `POST /credentials/expire`, `POST /credentials/revoke`.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { ProviderError } from '../errors.js';
import { checkStoreDocument } from './document-reader.js';
import { readBody } from './incoming.js';
import type { Fault, FaultHandle, Latencies, StandIn, TokenOptions } from './types.js';

type Controlled = Omit<StandIn, 'urls' | 'flags' | 'environment' | 'close' | 'files' | 'ca'>;

/** Not listening yet. */
export function createControl(standIn: Controlled): Server {
  const faults = new Map<string, FaultHandle>();
  return createServer((message, response) => {
    void (async () => {
      const body = (await readBody(message)) ?? Buffer.alloc(0);
      const reply = run(`${message.method ?? ''} ${message.url ?? ''}`, body.toString('utf8'), { standIn, faults });
      response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
    })();
  });
}

interface ControlContext {
  readonly standIn: Controlled;
  readonly faults: Map<string, FaultHandle>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

function run(line: string, text: string, context: ControlContext): Reply {
  try {
    const command = commands[line];
    if (command) return { status: 200, body: command(text === '' ? {} : JSON.parse(text), context) ?? {} };
    return runOnFault(line, context);
  } catch (error) {
    // The caller is the tester: it gets the text of its own mistake.
    const message = error instanceof ProviderError || error instanceof SyntaxError ? error.message : String(error);
    return { status: 400, body: { message } };
  }
}

function runOnFault(line: string, { faults }: ControlContext): Reply {
  const [, method, id = ''] = /^(GET|DELETE) \/faults\/(\d+)$/.exec(line) ?? [];
  const handle = faults.get(id);
  if (!handle) return { status: 404, body: { message: 'no such command' } };
  if (method === 'DELETE') handle.remove();
  return { status: 200, body: { hits: handle.hits } };
}

// Documents are checked; the other bodies are this interface's own types, given by our own tests.
const commands: Readonly<Record<string, (body: unknown, context: ControlContext) => unknown>> = {
  'GET /requests': (_, { standIn }) => standIn.requests,
  'DELETE /requests': (_, { standIn }) => {
    standIn.clearRequests();
  },
  'GET /connects': (_, { standIn }) => standIn.connects,
  'GET /connections': (_, { standIn }) => ({ connections: standIn.connections }),
  'POST /token': (body, { standIn }) => ({ token: standIn.token(body as TokenOptions) }),
  'POST /tokens-attribute': (body, { standIn }) => standIn.tokensAttribute(body as TokenOptions),
  'POST /update': (body, { standIn }) => {
    standIn.update(checkStoreDocument(body));
  },
  'POST /replace': (body, { standIn }) => {
    standIn.replace(checkStoreDocument(body));
  },
  'POST /latencies': (body, { standIn }) => {
    standIn.setLatencies(body as Latencies);
  },
  'POST /faults': (body, { standIn, faults }) => {
    const id = String(faults.size + 1);
    faults.set(id, standIn.fault(body as Fault));
    return { id };
  },
  'DELETE /faults': (_, { standIn }) => {
    standIn.clearFaults();
  },
  'POST /credentials/expire': (_, { standIn }) => {
    standIn.expireCredentials();
  },
  'POST /credentials/revoke': (_, { standIn }) => {
    standIn.revokeCredentials();
  },
};
