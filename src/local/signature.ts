/** Checks the signature of a request (AWS Signature Version 4) as AWS's front door does. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './answer.js';
import type { Incoming } from './incoming.js';
import type { Session, Sessions } from './sessions.js';

/** What the `Authorization` header says. */
export interface SignatureScope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** AWS refuses a signature that is older or younger than this, in milliseconds. */
const skewMs = 5 * 60_000;

const header =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** The scope in the `Authorization` header; `undefined` when there is none of this form. */
export function readScope(incoming: Incoming): SignatureScope | undefined {
  const match = header.exec(incoming.header('authorization') ?? '');
  if (!match) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

export interface SignatureCheck {
  readonly service: string;
  /** Of the host name, where it has one. */
  readonly region: string | undefined;
  readonly sessions: Sessions;
  readonly now: number;
}

/**
 * The session that signed the request.
 * @throws Refusal in AWS's words: no, unknown or expired credentials, wrong scope, wrong signature
 */
export function authenticate(incoming: Incoming, check: SignatureCheck): Session {
  if (incoming.header('authorization') === undefined) {
    throw new Refusal(400, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const scope = readScope(incoming);
  if (!scope) throw new Refusal(400, 'IncompleteSignatureException', 'Authorization header is not of the form of AWS4');
  const session = check.sessions.find(scope.accessKeyId);
  if (session?.sessionToken !== incoming.header('x-amz-security-token') || !session) {
    throw new Refusal(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (check.sessions.isExpired(session, check.now)) {
    throw new Refusal(400, 'ExpiredTokenException', 'The security token included in the request is expired');
  }
  checkScope(incoming, scope, check);
  const expected = Buffer.from(signatureOf(incoming, scope, session.secretAccessKey));
  if (!timingSafeEqual(expected, Buffer.from(scope.signature))) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  return session;
}

function invalid(message: string): Refusal {
  return new Refusal(400, 'InvalidSignatureException', message);
}

function checkScope(incoming: Incoming, scope: SignatureScope, check: SignatureCheck): void {
  if (scope.service !== check.service) {
    throw invalid(`Credential should be scoped to correct service: '${check.service}'. `);
  }
  if (check.region !== undefined && check.region !== scope.region) {
    throw invalid(`Credential should be scoped to a valid region, not '${scope.region}'. `);
  }
  const stamp = incoming.header('x-amz-date') ?? '';
  if (!stamp.startsWith(scope.date)) throw invalid('Date in Credential scope does not match YYYYMMDD from x-amz-date');
  const signedAt = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  // The client signs with the machine's clock, whatever clock the stand-in was given.
  const now = Date.now();
  if (!(Math.abs(now - signedAt) <= skewMs)) {
    throw invalid(`Signature expired: ${stamp} is not within 5 min. of ${new Date(now).toISOString()}`);
  }
  if (!scope.signedHeaders.includes('host')) throw invalid("'Host' or ':authority' must be a 'SignedHeader'");
}

function signatureOf(incoming: Incoming, scope: SignatureScope, secretAccessKey: string): string {
  const { pathname, searchParams } = new URL(incoming.path, 'http://host');
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const canonical = [
    incoming.method,
    pathname,
    query.join('&'),
    ...scope.signedHeaders.map((name) => `${name}:${(incoming.header(name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    scope.signedHeaders.join(';'),
    createHash('sha256').update(incoming.body).digest('hex'),
  ].join('\n');
  const scopeText = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', incoming.header('x-amz-date') ?? '', scopeText, digest].join('\n');
  const parts = [scope.date, scope.region, scope.service, 'aws4_request', text];
  return parts.reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secretAccessKey}`).toString('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
