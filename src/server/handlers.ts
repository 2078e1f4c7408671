/** The two calls of a provider: who is here, and one mount from the wire to the wire. */
import * as grpc from '@grpc/grpc-js';
import * as budgets from '../budgets.js';
import { ProviderError } from '../errors.js';
import type { MountRequest__Output } from '../generated/v1alpha1/MountRequest.js';
import type { MountResponse } from '../generated/v1alpha1/MountResponse.js';
import type { VersionResponse } from '../generated/v1alpha1/VersionResponse.js';
import type { LogFields, Logger } from '../log.js';
import { startMountContext, type RunningMount } from '../mount/context.js';
import type { Mount } from '../mount/ports.js';
import type { MountCall, MountReply } from '../mount/types.js';
import { BusySet } from './busy-set.js';
import { ReplyRoom } from './reply-room.js';
import { malformedRequest } from './service.js';
import { bugTrace, toFailure } from './status.js';

export interface HandlerOptions {
  readonly mount: Mount;
  /** What `Version` answers. */
  readonly runtime: { readonly name: string; readonly version: string };
  readonly log: Logger;
}

export type MountMessage = MountRequest__Output | typeof malformedRequest;

export interface Handlers {
  readonly version: grpc.handleUnaryCall<unknown, VersionResponse>;
  readonly mount: grpc.handleUnaryCall<MountMessage, MountResponse>;
  /** Ends every mount under way, and every later one, with this reason. */
  readonly stop: (reason: ProviderError) => void;
  /** Resolves once no mount is under way. */
  readonly idle: () => Promise<void>;
}

type Outcome = { readonly reply: MountReply } | { readonly error: unknown };

/** Request ids of one failed mount that its log line carries at most. */
const requestIdLimit = 20;

export function createHandlers(options: HandlerOptions): Handlers {
  const running = new BusySet<RunningMount>();
  const room = new ReplyRoom();
  let stopped: ProviderError | undefined;
  const { name, version } = options.runtime;
  const makeReply: Mount = async (call, context) => {
    const reply = await options.mount(call, context);
    const bytes = sizeOf(reply);
    if (bytes > 0) context.afterAnswer(await room.enter(bytes, context.signal, () => context.startWait('turn')));
    return reply;
  };
  return {
    version: (_call, callback) => {
      callback(null, { version: 'v1alpha1', runtime_name: name, runtime_version: version });
    },
    mount: (call, callback) => {
      const started = startMountContext(deadlineOf(call));
      running.add(started);
      if (stopped !== undefined) started.stop(stopped);
      stopWhenCancelled(call, started);
      const answer = (outcome: Outcome): void => {
        running.delete(started);
        const fields = started.end();
        if ('reply' in outcome) {
          logDone(options.log, fields);
          callback(null, toResponse(outcome.reply));
        } else {
          callback(reportFailure(options.log, outcome.error, fields));
        }
      };
      // Whatever goes wrong on the way to the answer is our bug, and a status too.
      runMount(makeReply, call.request, started)
        .then(answer)
        .catch((error: unknown) => {
          callback(reportFailure(options.log, error, {}));
        });
    },
    stop: (reason) => {
      stopped ??= reason;
      for (const mount of running) mount.stop(reason);
    },
    idle: () => running.empty(),
  };
}

/** Runs the mount; never rejects. A mount that goes on after it was told to stop is answered without waiting for it. */
async function runMount(mount: Mount, message: MountMessage, running: RunningMount): Promise<Outcome> {
  const { signal } = running.context;
  const work = attempt(mount, message, running);
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<Outcome>((resolve) => {
    const giveUp = (): void => {
      timer = setTimeout(() => {
        resolve({ error: signal.reason });
      }, budgets.answerGraceMs);
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  const outcome = await Promise.race([work, givenUp]);
  clearTimeout(timer);
  return outcome;
}

async function attempt(mount: Mount, message: MountMessage, running: RunningMount): Promise<Outcome> {
  try {
    if (message === malformedRequest) {
      throw new ProviderError('invalid_request', 'the message is no MountRequest of the v1alpha1 protocol');
    }
    return { reply: await mount(toCall(message), running.context) };
  } catch (error) {
    // Some library's word for "the signal fired" says less than the signal does.
    const { signal } = running.context;
    const aborted = signal.aborted && error instanceof Error && error.name === 'AbortError';
    return { error: aborted ? signal.reason : error };
  }
}

function stopWhenCancelled(call: grpc.ServerUnaryCall<MountMessage, MountResponse>, running: RunningMount): void {
  const cancel = (): void => {
    running.stop(new ProviderError('cancelled', 'the caller no longer waits for this mount'));
    running.answered();
  };
  // grpc-js says so after every answered call too, once its answer has left; nothing is left to stop then.
  call.on('cancelled', cancel);
  if (call.cancelled) cancel();
}

function deadlineOf(call: grpc.ServerUnaryCall<MountMessage, MountResponse>): { deadlineMs?: number } {
  const deadline = Number(call.getDeadline());
  return Number.isFinite(deadline) ? { deadlineMs: Math.max(0, deadline - Date.now()) } : {};
}

function toCall(message: MountRequest__Output): MountCall {
  return {
    attributes: message.attributes,
    secrets: message.secrets,
    targetPath: message.target_path,
    permission: message.permission,
    currentVersions: message.current_object_version.map(({ id, version }) => ({ id, version })),
  };
}

function toResponse(reply: MountReply): MountResponse {
  const versions = reply.versions.map(({ id, version }) => ({ id, version }));
  if (reply.files === undefined) return { object_version: versions };
  const files = reply.files.map(({ path, mode, contents }) => ({ path, mode, contents: contents.reveal() }));
  return { object_version: versions, files };
}

function sizeOf({ files = [] }: MountReply): number {
  return files.reduce((sum, { contents }) => sum + contents.byteLength, 0);
}

function logDone(log: Logger, fields: LogFields): void {
  const level = fields['warnings'] === undefined ? 'info' : 'warn';
  log[level]('mount done', { outcome: 'ok', ...fields });
}

function reportFailure(log: Logger, error: unknown, fields: LogFields): { code: grpc.status; details: string } {
  const { errorCode, status, message } = toFailure(error);
  const known = error instanceof ProviderError;
  const requestIds = new Set([...listOf(fields['requestIds']), ...(known ? error.requestIds : [])]);
  log[errorCode === 'cancelled' ? 'warn' : 'error']('mount failed', {
    outcome: errorCode === 'cancelled' ? 'cancelled' : 'failed',
    code: errorCode,
    status: grpc.status[status],
    error: known ? error.message : message,
    ...fields,
    requestIds: requestIds.size > 0 ? [...requestIds].slice(0, requestIdLimit) : undefined,
    trace: known ? undefined : bugTrace(error),
  });
  return { code: status, details: message };
}

function listOf(field: LogFields[string]): readonly string[] {
  return typeof field === 'object' ? field : [];
}
