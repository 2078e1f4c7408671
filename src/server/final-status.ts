/** Keeps statuses that grpc-js makes by itself out of the answers to `Mount`, where they would do harm. */
import * as grpc from '@grpc/grpc-js';
import { fitMessage } from './status.js';

const finalStatuses: ReadonlySet<grpc.status> = new Set([
  grpc.status.OK,
  grpc.status.INVALID_ARGUMENT,
  grpc.status.NOT_FOUND,
  grpc.status.PERMISSION_DENIED,
  grpc.status.UNAUTHENTICATED,
  grpc.status.FAILED_PRECONDITION,
  grpc.status.INTERNAL,
  grpc.status.UNKNOWN,
]);

/**
 * An interceptor for the calls of one method. An over-sized or compressed message, or one too many, is refused by
 * grpc-js before any handler or later interceptor hears of it, with RESOURCE_EXHAUSTED or UNIMPLEMENTED: so it is the
 * innermost call's own `sendStatus` that has to be watched. This one must be the first of the server's interceptors.
 */
export function finalStatusInterceptor(methodPath: string): grpc.ServerInterceptor {
  return (method, call) => {
    if (method.path === methodPath) {
      const send = call.sendStatus.bind(call);
      call.sendStatus = (status) => {
        send(toFinal(status));
      };
    }
    return new grpc.ServerInterceptingCall(call);
  };
}

function toFinal<S extends { code: grpc.status; details: string }>(status: S): S {
  if (finalStatuses.has(status.code)) return status;
  const details = fitMessage(`the call was refused (${grpc.status[status.code]}): ${status.details}`);
  const callersFault = status.code === grpc.status.RESOURCE_EXHAUSTED || status.code === grpc.status.UNIMPLEMENTED;
  return { ...status, code: callersFault ? grpc.status.INVALID_ARGUMENT : grpc.status.INTERNAL, details };
}
