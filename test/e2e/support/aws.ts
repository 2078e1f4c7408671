/**
 * AWS and the Pod Identity Agent as the pods of the cluster reach them: our stand-in, behind the addresses they have.
 * Tokens are the cluster's own. As AWS does, it checks them with the keys that the API server publishes; a good one is
 * exchanged for a token of the stand-in with the same claims, which knows no issuer but itself.
 */
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { startStandIn } from '../../../src/local/stand-in.js';
import type { StandIn, TokenOptions } from '../../../src/local/types.js';

const agentAddress = '169.254.170.23';
const nodeAddress = '10.0.0.1';
const awsPort = 8443;

/** For `AWS_ENDPOINT_URL` in a pod. */
export const awsEndpoint = `http://${nodeAddress}:${awsPort}`;

export interface Aws {
  readonly standIn: StandIn;
  close(): Promise<void>;
}

interface Key extends JsonWebKey {
  readonly kid: string;
}

/** @param jwks what the API server answers at /openid/v1/jwks */
export async function startAws(store: string, jwks: string): Promise<Aws> {
  const { keys } = JSON.parse(jwks) as { readonly keys: readonly Key[] };
  const standIn = await startStandIn({ store });
  const exchange = (token: string) => standIn.token(claimsOf(token, keys) ?? forged);
  const agent = gateway(standIn.urls.agentIpv4, ({ headers, body }) => ({
    // The stand-in insists on its own address, as the agent does.
    headers: {
      ...headers,
      host: new URL(standIn.urls.agentIpv4).host,
      authorization: exchange(headers.authorization ?? ''),
    },
    body,
  }));
  const aws = gateway(standIn.urls.aws, ({ headers, body }) => {
    const form = new URLSearchParams(body);
    const token = form.get('WebIdentityToken');
    // Anything else goes on as it is, host name included: it is signed.
    if (token === null) return { headers, body };
    form.set('WebIdentityToken', exchange(token));
    return {
      headers: { ...headers, 'content-length': String(Buffer.byteLength(form.toString())) },
      body: form.toString(),
    };
  });
  await Promise.all([listen(agent, agentAddress, 80), listen(aws, nodeAddress, awsPort)]);
  return {
    standIn,
    close: async () => {
      for (const server of [agent, aws]) server.close().closeAllConnections();
      await standIn.close();
    },
  };
}

const forged: TokenOptions = { namespace: 'unknown', serviceAccount: 'unknown', broken: 'signature' };

/** The claims of a token that the cluster signed; `undefined` for any other. */
function claimsOf(token: string, keys: readonly Key[]): TokenOptions | undefined {
  const [header, payload, signature] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  const { kid } = decode(header) as { readonly kid: string };
  const key = keys.find((one) => one.kid === kid);
  if (!key) return undefined;
  const content = Buffer.from(`${header}.${payload}`);
  const publicKey = createPublicKey({ key, format: 'jwk' });
  if (!verify('sha256', content, publicKey, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = decode(payload) as Claims;
  const { namespace, serviceaccount, pod } = claims['kubernetes.io'];
  return {
    namespace,
    serviceAccount: serviceaccount.name,
    serviceAccountUid: serviceaccount.uid,
    pod: pod.name,
    podUid: pod.uid,
    audience: claims.aud.join(' '),
    ttlSeconds: claims.exp - Math.floor(Date.now() / 1000),
  };
}

interface Named {
  readonly name: string;
  readonly uid: string;
}

interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly 'kubernetes.io': { readonly namespace: string; readonly serviceaccount: Named; readonly pod: Named };
}

interface Passed {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Passes every request on to `target`, changed by `change`. */
function gateway(target: string, change: (incoming: Passed) => Passed): Server {
  const { hostname, port } = new URL(target);
  return createServer((message, response) => {
    void (async () => {
      const { headers, body } = change({ headers: message.headers, body: await textOf(message) });
      const onward = request({ hostname, port, method: message.method, path: message.url, headers, agent: false });
      onward.once('error', () => message.socket.destroy());
      onward.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.end(body);
    })().catch((error: unknown) => {
      fail(response, error);
    });
  });
}

/** Our own fault, or a request that nobody of ours sends: the test that met it must see it. */
function fail(response: ServerResponse, error: unknown): void {
  response.writeHead(500, { 'content-type': 'text/plain' }).end(`gateway of the tests: ${String(error)}`);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}
