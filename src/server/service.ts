/** The gRPC service as the driver knows it, made from the descriptor that the build embeds. */
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { descriptor } from '../generated/descriptor.js';
import type { ProtoGrpcType } from '../generated/v1alpha1.js';
import type { MountRequest__Output } from '../generated/v1alpha1/MountRequest.js';

/** The client's constructor, with the definition of the service as its `service`. */
export type ProviderProtocol = ProtoGrpcType['v1alpha1']['CSIDriverProvider'];

/** Stands for a message that is no `MountRequest` on the wire. */
export const malformedRequest = Symbol('malformed request');

/** Loads the service; every call makes a new codec, so call it once. */
export function loadProtocol(): ProviderProtocol {
  const loaded = fromJSON(descriptor, { keepCase: true, defaults: true });
  // What is in the descriptor is known to proto-loader-gen-types alone, which wrote ProtoGrpcType from the same file.
  return (grpc.loadPackageDefinition(loaded) as unknown as ProtoGrpcType).v1alpha1.CSIDriverProvider;
}

/** Reads a `MountRequest`. grpc-js would answer one that cannot be read with INTERNAL; it is the caller's fault. */
export function readMountRequest(
  protocol: ProviderProtocol,
  bytes: Buffer,
): MountRequest__Output | typeof malformedRequest {
  try {
    return protocol.service.Mount.requestDeserialize(bytes);
  } catch {
    return malformedRequest;
  }
}
