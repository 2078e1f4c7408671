/** A hostile AWS, Pod Identity Agent and Kubernetes API that repeat in errors and headers whatever they were sent. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Canaries } from './canaries.js';

/** Where an error repeats what it was sent. */
export type Echo = 'message' | 'code' | 'request-id' | 'body' | 'answer';
type Part = 'sts' | 'agent' | 'kubernetes' | 'services';

export interface EchoServers {
  readonly environment: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** From now on this part answers with this status and an echo; the others do their work. */
  misbehave(part: Part, echo: Echo, status: number): void;
  close(): Promise<void>;
}

/** @param canaries is given every credential that these servers hand out */
export async function startEchoServers(canaries: Canaries): Promise<EchoServers> {
  let bad: { readonly part: Part; readonly echo: Echo; readonly status: number } | undefined;
  const key = canaries.value('secret-access-key');
  const session = canaries.value('session-token/of+aws==');
  const bearer = canaries.value('bearer');
  const server = http.createServer((request, response) => {
    void text(request).then((body) => {
      const part = partOf(request.url ?? '', body);
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}:${String(value)}`);
      const echoed = `${decodeURIComponent(body)} ${headers.join('\n')}`;
      if (bad?.part === part) misbehave(response, { ...bad, echoed, token: tokenIn(echoed), key, session });
      else behave(response, part, { key, session });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const directory = mkdtempSync(path.join(tmpdir(), 'echo-'));
  const kubeconfig = path.join(directory, 'config');
  writeFileSync(kubeconfig, kubeconfigOf(`${url}/kubernetes`, bearer));
  return {
    environment: { AWS_ENDPOINT_URL: `${url}/`, AWS_REGION: 'eu-west-1', KUBECONFIG: kubeconfig },
    flags: [`--pod-identity-endpoint-ipv4=${url}/agent`, '--qps=1000', '--burst=2000'],
    misbehave: (part, echo, status) => {
      bad = { part, echo, status };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(directory, { recursive: true });
    },
  };
}

function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token } }],
  });
}

function partOf(url: string, body: string): Part {
  if (url.startsWith('/kubernetes')) return 'kubernetes';
  if (url.startsWith('/agent')) return 'agent';
  return body.includes('AssumeRoleWithWebIdentity') ? 'sts' : 'services';
}

/** The most secret thing in a request, as one word. */
function tokenIn(echoed: string): string {
  return /(?:x-amz-security-token:|WebIdentityToken=|authorization:(?:Bearer )?)([^\s&]+)/.exec(echoed)?.[1] ?? '';
}

interface Credentials {
  readonly key: string;
  readonly session: string;
}

function behave(response: http.ServerResponse, part: Part, { key, session }: Credentials): void {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const metadata = { name: 'app', annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/app' } };
  const agent = { AccessKeyId: 'ASIAAGENT', SecretAccessKey: key, Token: session, Expiration: later };
  if (part === 'sts') response.end(stsAnswer({ key, session }, later));
  else response.end(JSON.stringify(part === 'kubernetes' ? { metadata } : part === 'agent' ? agent : {}));
}

function stsAnswer({ key, session }: Credentials, later: string): string {
  return (
    '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
    `<AssumeRoleWithWebIdentityResult><Credentials><SecretAccessKey>${key}</SecretAccessKey>` +
    `<SessionToken>${session}</SessionToken><Expiration>${later}</Expiration><AccessKeyId>ASIASTS</AccessKeyId>` +
    '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>'
  );
}

interface Misdeed extends Credentials {
  readonly part: Part;
  readonly echo: Echo;
  readonly status: number;
  readonly echoed: string;
  readonly token: string;
}

function misbehave(response: http.ServerResponse, misdeed: Misdeed): void {
  const { part, echo, status, echoed, token, key, session } = misdeed;
  const id = echo === 'request-id' ? token : '0b0b0b0b-1111-2222-3333-444444444444';
  response.writeHead(status, { 'x-amzn-requestid': id, 'content-type': 'application/x-amz-json-1.1' });
  const code = echo === 'code' ? token : 'Refused';
  // AWS itself says a wrong signature's canonical request, the session token in it.
  const message = echo === 'message' ? `you sent ${echoed} and ${token}` : 'no';
  // What breaks off in the middle of what must not be shown: a parser's error would quote it.
  if (echo === 'answer')
    response.end(part === 'sts' ? stsAnswer({ key, session }, '').slice(0, -60) : `{"Token":"${session}" ${key}`);
  else if (echo === 'body') response.end(`${token} ${echoed}`);
  else if (part === 'sts') response.end(stsError(code, message, id));
  else response.end(JSON.stringify({ __type: code, message, reason: code, requestId: id }));
}

function stsError(code: string, message: string, id: string): string {
  const safe = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return (
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>` +
    `<Code>${code}</Code><Message>${safe}</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`
  );
}
