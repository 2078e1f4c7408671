/** A scripted endpoint that speaks AWS JSON 1.1: each test says what it answers, and sees what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { readNetwork } from '../../src/network/network.js';
import { createTransport, type AwsRequestHandler } from '../../src/network/transport.js';

/** A request as the endpoint saw it. */
export interface AwsRequest {
  /** `GetSecretValue`, `DescribeSecret` or `GetParameters`. */
  readonly action: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly userAgent: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** `hang` never answers, `stall` stops after the head, `cut` closes the connection there, `reset` before it. */
export type Fault = 'hang' | 'stall' | 'cut' | 'reset';
export interface Reply {
  readonly status: number;
  /** An object is sent as JSON, text as it is. */
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly afterMs?: number;
}
export type Script = (request: AwsRequest) => Reply | Fault;

export interface AwsEndpoint {
  readonly url: string;
  readonly requests: readonly AwsRequest[];
  readonly requestHandler: AwsRequestHandler;
  /** Regions to which no connection comes about. */
  readonly refused: Set<string>;
  /** Connections that clients have closed before they had an answer. */
  abandoned: number;
  stop(): Promise<void>;
}

export async function startAwsEndpoint(script: Script): Promise<AwsEndpoint> {
  const requests: AwsRequest[] = [];
  const refused = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    response.on('close', () => {
      if (!response.writableFinished) endpoint.abandoned += 1;
    });
    void readRequest(incoming).then((request) => {
      requests.push(request);
      answer(script(request), response);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const transport = createTransport(readNetwork({}));
  const requestHandler: AwsRequestHandler = {
    handle: (request, options) => {
      // Nothing listens on that port.
      if (refused.has(describe(request.headers, '{}').region)) request.port = 1;
      return transport.requestHandler.handle(request, options);
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
  const endpoint: AwsEndpoint = {
    url,
    requests,
    requestHandler,
    refused,
    abandoned: 0,
    stop: async () => {
      transport.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return endpoint;
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return describe(incoming.headers, Buffer.concat(chunks).toString('utf8'));
}

function describe(headers: Readonly<Record<string, unknown>>, body: string): AwsRequest {
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(String(headers['authorization']));
  return {
    action: String(headers['x-amz-target']).split('.')[1] ?? '',
    region: scope?.[2] ?? '',
    accessKeyId: scope?.[1] ?? '',
    userAgent: String(headers['user-agent']),
    input: JSON.parse(body) as Record<string, unknown>,
  };
}

function answer(reply: Reply | Fault, response: ServerResponse): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    response.destroy();
    return;
  }
  if (reply === 'stall' || reply === 'cut') {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.write('{', () => {
      if (reply === 'cut') response.destroy();
    });
    return;
  }
  const { status, body, headers, afterMs } = reply;
  setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }, afterMs ?? 1);
}

let requestNumber = 0;

/** An error as AWS tells it. */
export function awsError(status: number, code: string, message = `words about ${code}`): Reply {
  requestNumber += 1;
  const headers = { 'x-amzn-requestid': `request-id-${requestNumber}` };
  return { status, body: { __type: code, message }, headers };
}

export function ok(body: object, afterMs = 1): Reply {
  return { status: 200, body, afterMs };
}

/** A secret whose value and version tell its name and region. */
export function secretReply(request: AwsRequest, afterMs = 1): Reply {
  const name = String(request.input['SecretId']);
  return ok(
    {
      Name: name,
      ARN: `arn:aws:secretsmanager:${request.region}:111122223333:secret:${name}-AbCdEf`,
      VersionId: `version-of-${name}-in-${request.region}`,
      SecretString: `value of ${name} in ${request.region}`,
    },
    afterMs,
  );
}
