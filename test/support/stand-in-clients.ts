/** Clients written by others, pointed at a stand-in: the SDK's, behind one URL or by AWS's real host names. */
import { request } from 'node:http';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { fromWebToken } from '@aws-sdk/credential-providers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { StandIn, TokenOptions } from '../../src/local/types.js';
import type { AwsRequestHandler } from '../../src/network/transport.js';

export interface ClientOptions {
  readonly region?: string;
  readonly role?: string;
  readonly sessionName?: string;
  readonly token?: string;
  readonly tokenOptions?: Partial<TokenOptions>;
  /** Through the proxy; the agent that does it opens a new connection for every request. */
  readonly realHostNames?: boolean;
  /** Instead of the one that these two options would choose. */
  readonly requestHandler?: AwsRequestHandler;
  readonly useFipsEndpoint?: boolean;
  readonly useDualstackEndpoint?: boolean;
  readonly maxAttempts?: number;
  /** Instead of earning some. */
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

export const roleArn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

/** The configuration of a client whose credentials are earned with a token of `default/app`. */
export function clientConfig(standIn: StandIn, options: ClientOptions = {}) {
  const { region = 'eu-west-1', useFipsEndpoint = false, useDualstackEndpoint = false, maxAttempts = 1 } = options;
  const common = {
    region,
    useFipsEndpoint,
    useDualstackEndpoint,
    maxAttempts,
    retryMode: 'standard',
    ...reach(standIn, options),
  };
  return { ...common, credentials: options.credentials ?? webToken(standIn, options) };
}

/** Earns credentials of a role with a token, as the SDK does. */
export function webToken(standIn: StandIn, options: ClientOptions = {}) {
  const { region = 'eu-west-1', role = 'app', sessionName = 'default@app', useFipsEndpoint = false } = options;
  return fromWebToken({
    roleArn: role.startsWith('arn:') ? role : roleArn(role),
    roleSessionName: sessionName,
    webIdentityToken:
      options.token ?? standIn.token({ namespace: 'default', serviceAccount: 'app', ...options.tokenOptions }),
    clientConfig: { region, useFipsEndpoint, maxAttempts: 1, ...reach(standIn, options) },
  });
}

export function secretsManager(standIn: StandIn, options: ClientOptions = {}): SecretsManagerClient {
  return new SecretsManagerClient(clientConfig(standIn, options));
}

export function parameterStore(standIn: StandIn, options: ClientOptions = {}): SSMClient {
  return new SSMClient(clientConfig(standIn, options));
}

function reach(standIn: StandIn, { requestHandler, realHostNames = false }: ClientOptions) {
  if (requestHandler) return { requestHandler };
  return realHostNames ? { requestHandler: proxied(standIn) } : { endpoint: standIn.urls.aws };
}

function proxied(standIn: StandIn): NodeHttpHandler {
  const agent = new HttpsProxyAgent(standIn.urls.proxy, { keepAlive: true });
  Object.assign(agent.options, { ca: standIn.ca });
  return new NodeHttpHandler({ httpsAgent: agent });
}

export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request over plain HTTP with headers of the caller's choice, `host` included. */
export function send(
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {} } = options;
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    outgoing.on('error', reject).end(options.body);
  });
}
