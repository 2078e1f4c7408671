/** One request from its arrival to its answer: recognised, recorded, delayed, spoiled or served. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerAgent } from './agent.js';
import { Refusal, renderRefusal } from './answer.js';
import type { Answer } from './answer.js';
import { faultAnswer, throttled } from './faults.js';
import type { Faults } from './faults.js';
import { headerOf, readBody } from './incoming.js';
import type { Incoming } from './incoming.js';
import { answerKubernetes } from './kubernetes.js';
import { answerParameterStore } from './parameter-store.js';
import type { RateLimits } from './rate-limits.js';
import { hashToken, recognize } from './recognize.js';
import type { Recognized } from './recognize.js';
import { answerSecretsManager } from './secrets-manager.js';
import { authenticate } from './signature.js';
import { answerSts } from './sts.js';
import type { Face, FaultEffect, Latencies, RecordedRequest, Service } from './types.js';
import type { World } from './world.js';

/** One listener, as a request sees it. */
export interface Door {
  readonly face: Face;
  readonly only: Service | undefined;
  /** `host:port` of the listener's URL; the agent accepts no other. */
  readonly authority: string;
}

export interface ExchangeContext {
  readonly faults: Faults;
  readonly limits: RateLimits;
  world(): World;
  latencies(): Latencies;
  record(request: RecordedRequest): void;
  connectionNumber(message: IncomingMessage): number;
}

/** Serves one request; rejects only for a path that is no path. */
export async function serve(
  exchange: { readonly message: IncomingMessage; readonly response: ServerResponse; readonly door: Door },
  context: ExchangeContext,
): Promise<void> {
  const { message, response, door } = exchange;
  const arrivedAt = performance.now();
  const body = await readBody(message);
  if (!body) {
    message.socket.destroy();
    return;
  }
  const recognized = recognize(incomingOf(message, body, { door, context }));
  const world = context.world();
  const request = recordOf(recognized, world);
  context.record(request);
  const effect = context.faults.meet(request);
  if (effect?.kind === 'hang') return;
  const answer = prepareAnswer({ recognized, request, world, effect, door }, context);
  // Its own work is a part of the time that it is told to take.
  const answerAt =
    arrivedAt + latencyMs(recognized.service, context.latencies()) + (effect?.kind === 'delay' ? effect.delayMs : 0);
  await pause(answerAt - performance.now());
  if (response.destroyed) return;
  if (!answer) {
    // Destroying a message that was read to its end leaves its connection open.
    message.socket.destroy();
    return;
  }
  request.status = answer.status;
  request.errorCode = answer.errorCode;
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
  response.end(answer.body);
}

function incomingOf(
  message: IncomingMessage,
  body: Buffer,
  { door, context }: { readonly door: Door; readonly context: ExchangeContext },
): Incoming {
  return {
    face: door.face,
    only: door.only,
    method: message.method ?? '',
    path: message.url ?? '/',
    body,
    connection: context.connectionNumber(message),
    host: message.headers.host ?? '',
    header: (name) => headerOf(message, name),
  };
}

function recordOf(recognized: Recognized, world: World): RecordedRequest {
  const { incoming, service, accessKeyId, token, objects } = recognized;
  const session = accessKeyId === undefined ? undefined : world.sessions.find(accessKeyId);
  const sessionName = recognized.parameters['RoleSessionName'];
  return {
    time: Date.now(),
    face: incoming.face,
    service,
    action: recognized.action,
    region: recognized.region,
    host: incoming.host,
    objects,
    accessKeyId,
    role: service === 'sts' ? objects[0] : (session?.roleArn ?? agentRole(recognized, world)),
    sessionName: session?.sessionName ?? (typeof sessionName === 'string' ? sessionName : undefined),
    tokenHash: token === undefined ? undefined : hashToken(token),
    userAgent: incoming.header('user-agent') ?? '',
    connection: incoming.connection,
    status: undefined,
    errorCode: undefined,
  };
}

function agentRole({ service, token }: Recognized, world: World): string | undefined {
  if (service !== 'agent' || token === undefined) return undefined;
  const claims = world.issuer.read(token);
  if (typeof claims === 'string') return undefined;
  return world.store.associations.get(`${claims.namespace ?? ''}/${claims.serviceAccount ?? ''}`);
}

interface Prepared {
  readonly recognized: Recognized;
  readonly request: RecordedRequest;
  readonly world: World;
  readonly effect: FaultEffect | undefined;
  readonly door: Door;
}

/** What will be sent; `undefined` when the connection is to be closed instead. */
function prepareAnswer(prepared: Prepared, context: ExchangeContext): Answer | undefined {
  const { effect, recognized } = prepared;
  switch (effect?.kind) {
    case 'close':
      return undefined;
    case 'error':
    case 'throttle':
    case 'garbage':
      return faultAnswer(effect, recognized.service);
    case 'hang':
    case 'delay':
    case undefined:
      return answerOrRefusal(prepared, context);
  }
}

function answerOrRefusal(prepared: Prepared, context: ExchangeContext): Answer {
  try {
    return answer(prepared, context);
  } catch (error) {
    const { service } = prepared.recognized;
    if (error instanceof Refusal) return renderRefusal(service, error);
    // Our own bug must fail the test that met it, not the process that holds the stand-in.
    const problem = error instanceof Error ? (error.stack ?? error.message) : 'unknown error';
    return renderRefusal(service, new Refusal(500, 'StandInBug', problem));
  }
}

function answer({ recognized, request, world, door }: Prepared, context: ExchangeContext): Answer {
  const { service, region } = recognized;
  switch (service) {
    case 'secretsmanager':
    case 'ssm': {
      const { sessions, now } = world;
      const session = authenticate(recognized.incoming, { service, region: recognized.hostRegion, sessions, now });
      if (!context.limits.take({ service, account: session.account, region }, Date.now())) return throttled(service);
      if (service === 'ssm') return answerParameterStore(recognized, session, world);
      return answerSecretsManager(recognized, session, world);
    }
    case 'sts': {
      const account = (request.role ?? '').split(':')[4] ?? '';
      if (!context.limits.take({ service, account, region }, Date.now())) return throttled(service);
      return answerSts(recognized, world);
    }
    case 'agent':
      return answerAgent(recognized, door.authority, world);
    case 'kubernetes':
      return answerKubernetes(recognized, world);
    case undefined:
      throw new Refusal(404, 'UnknownOperationException', '');
  }
}

function latencyMs(service: Service | undefined, latencies: Latencies): number {
  if (service === 'agent' || service === 'kubernetes') return latencies[service] ?? 0;
  return (service === 'sts' ? latencies.sts : undefined) ?? latencies.aws ?? 0;
}

function pause(ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve, ms));
}
