/** What a service answers, and the form that its errors have on the wire. */
import { randomUUID } from 'node:crypto';
import type { Service } from './types.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** AWS's error code or the Kubernetes reason, for the record. */
  readonly errorCode?: string;
}

/** A service says no; `renderRefusal` gives it the service's own form. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  /** `details` of a Kubernetes Status. */
  readonly details: object | undefined;

  constructor(status: number, code: string, message: string, details?: object) {
    super(message);
    this.details = details;
    this.status = status;
    this.code = code;
  }
}

export function renderRefusal(service: Service | undefined, refusal: Refusal): Answer {
  switch (service) {
    case 'sts':
      return stsError(refusal);
    case 'agent':
      return agentError(refusal);
    case 'kubernetes':
      return kubernetesStatus(refusal);
    case 'secretsmanager':
    case 'ssm':
    case undefined:
      return jsonError(refusal);
  }
}

/** An answer of a service that speaks AWS's JSON 1.1. */
export function awsJson(document: object): Answer {
  return { status: 200, headers: jsonHeaders(), body: JSON.stringify(document) };
}

/** An answer of STS: the fields of the result as XML. */
export function stsXml(action: string, result: string): Answer {
  const body = `<${action}Response xmlns="${stsNamespace}">\n  <${action}Result>${result}</${action}Result>\n  <ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>\n</${action}Response>\n`;
  return { status: 200, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': randomUUID() }, body };
}

/** An answer of the Kubernetes API or the agent. */
export function plainJson(document: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
}

export function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };
  return text.replace(/[&<>"']/g, (character) => `&${names[character] ?? ''};`);
}

const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

function jsonHeaders(): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
}

/** Errors of the front door have a small `message`, those of the services behind it a capital one. */
const frontDoorCodes: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'ThrottlingException',
  'ValidationException',
]);

function jsonError({ status, code, message }: Refusal): Answer {
  const field = frontDoorCodes.has(code) ? 'message' : 'Message';
  return { status, headers: jsonHeaders(), body: JSON.stringify({ __type: code, [field]: message }), errorCode: code };
}

function stsError({ status, code, message }: Refusal): Answer {
  const id = randomUUID();
  const type = status < 500 ? 'Sender' : 'Receiver';
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id },
    body: `<ErrorResponse xmlns="${stsNamespace}">\n  <Error>\n    <Type>${type}</Type>\n    <Code>${escapeXml(code)}</Code>\n    <Message>${escapeXml(message)}</Message>\n  </Error>\n  <RequestId>${id}</RequestId>\n</ErrorResponse>\n`,
    errorCode: code,
  };
}

/** Go's `http.Error`: one line of text. */
function agentError({ status, code, message }: Refusal): Answer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: `${message}\n`,
    errorCode: code,
  };
}

function kubernetesStatus({ status, code, message, details }: Refusal): Answer {
  const head = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: code };
  const body = { ...head, ...(details === undefined ? {} : { details }), code: status };
  return {
    status,
    headers: { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) },
    body: JSON.stringify(body),
    errorCode: code,
  };
}
