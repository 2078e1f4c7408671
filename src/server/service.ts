/** The gRPC service as the driver knows it, with the codec that the build makes of its definition. */
import type * as grpc from '@grpc/grpc-js';
import { v1alpha1, type Codec } from '../generated/codec.js';
import type { MountRequest__Output } from '../generated/v1alpha1/MountRequest.js';
import type { MountResponse } from '../generated/v1alpha1/MountResponse.js';
import type { VersionRequest__Output } from '../generated/v1alpha1/VersionRequest.js';
import type { VersionResponse } from '../generated/v1alpha1/VersionResponse.js';

/** Stands for a message that is no `MountRequest` on the wire. */
export const malformedRequest = Symbol('malformed request');

/** One call of the service, as the server registers it. */
export interface ServerMethod<Request, Response> {
  readonly path: string;
  readonly read: grpc.deserialize<Request>;
  readonly write: grpc.serialize<Response>;
}

/** `VersionRequest` in, `VersionResponse` out. */
export const versionMethod: ServerMethod<VersionRequest__Output, VersionResponse> = {
  path: '/v1alpha1.CSIDriverProvider/Version',
  read: readerOf(v1alpha1.VersionRequest),
  write: writerOf(v1alpha1.VersionResponse),
};

/** grpc-js would answer a request that cannot be read with INTERNAL; it is the caller's fault. */
export const mountMethod: ServerMethod<MountRequest__Output | typeof malformedRequest, MountResponse> = {
  path: '/v1alpha1.CSIDriverProvider/Mount',
  read: (bytes) => {
    try {
      return v1alpha1.MountRequest.decode(bytes);
    } catch {
      return malformedRequest;
    }
  },
  write: writerOf(v1alpha1.MountResponse),
};

/** Reads a message of the service. */
export function readerOf<Out>(codec: Codec<never, Out>): (bytes: Buffer) => Out {
  return (bytes) => codec.decode(bytes);
}

/** Writes a message of the service. */
export function writerOf<In>(codec: Codec<In, unknown>): (message: In) => Buffer {
  return (message) => {
    const bytes = codec.encode(message).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}
