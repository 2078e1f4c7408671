// Generated from proto/v1alpha1.proto by `npm run generate`.
import type { MountRequest, MountRequest__Output } from './v1alpha1/MountRequest.js';
import type { MountResponse, MountResponse__Output } from './v1alpha1/MountResponse.js';
import type { VersionRequest, VersionRequest__Output } from './v1alpha1/VersionRequest.js';
import type { VersionResponse, VersionResponse__Output } from './v1alpha1/VersionResponse.js';

export interface Codec<In, Out> {
  encode(message: In): { finish(): Uint8Array };
  /** Throws what is no such message. */
  decode(bytes: Uint8Array): Out;
}

export declare const v1alpha1: {
  readonly MountRequest: Codec<MountRequest, MountRequest__Output>;
  readonly MountResponse: Codec<MountResponse, MountResponse__Output>;
  readonly VersionRequest: Codec<VersionRequest, VersionRequest__Output>;
  readonly VersionResponse: Codec<VersionResponse, VersionResponse__Output>;
};
