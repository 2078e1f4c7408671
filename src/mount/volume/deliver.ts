/** The last step: the planned files go into the answer, or into the volume itself. */
import { ProviderError } from '../../errors.js';
import type { MountContext, VolumeWriter } from '../ports.js';
import type { MountReply, PlannedFile } from '../types.js';

export interface DeliverOptions {
  /** The driver writes what the answer holds; else the provider writes and the answer names only the versions. */
  readonly driverWrites: boolean;
  /** Largest encoded answer in bytes. */
  readonly maxReplyBytes: number;
  readonly volume: VolumeWriter;
}

/** @throws ProviderError `reply_too_large`, or what the volume's writer throws; nothing has changed then */
export async function deliver(
  files: readonly PlannedFile[],
  targetPath: string,
  context: MountContext,
  options: DeliverOptions,
): Promise<MountReply> {
  context.note({ files: files.length });
  const versions = files.map((file) => ({ id: file.path, version: file.version }));
  if (options.driverWrites) return checkSize({ versions, files }, options.maxReplyBytes);
  const { changed, pruned } = await options.volume.write(targetPath, files, context);
  context.note({ changed, pruned });
  return { versions };
}

function checkSize(reply: MountReply, maxReplyBytes: number): MountReply {
  const bytes = encodedReplyBytes(reply);
  if (bytes <= maxReplyBytes) return reply;
  // An answer over the driver's limit would become RESOURCE_EXHAUSTED in its client, after which kubelet may start the
  // pod with an empty volume.
  throw new ProviderError(
    'reply_too_large',
    `the files of this volume make an answer of ${bytes} bytes, over the limit of ${maxReplyBytes}: mount fewer or ` +
      `smaller objects, or raise both --max-reply-bytes here and --max-call-recv-msg-size of the Secrets Store CSI driver`,
  );
}

/** Bytes of the protobuf message that carries a reply (`proto/v1alpha1.proto`); its writer leaves no set field out. */
export function encodedReplyBytes(reply: MountReply): number {
  let bytes = 0;
  for (const version of reply.versions) bytes += field(text(version.id) + text(version.version));
  for (const file of reply.files ?? []) {
    bytes += field(text(file.path) + 1 + varintBytes(file.mode) + field(file.contents.byteLength));
  }
  return bytes;
}

function text(value: string): number {
  return field(Buffer.byteLength(value, 'utf8'));
}

/** Tag (all field numbers here are below 16), length and content. */
function field(length: number): number {
  return 1 + varintBytes(length) + length;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}
