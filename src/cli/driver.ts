/** Calls the provider over its socket as the Secrets Store CSI Driver does. */
import * as grpc from '@grpc/grpc-js';
import { v1alpha1 } from '../generated/codec.js';
import { mountMethod, readerOf, versionMethod, writerOf } from '../server/service.js';
import type { PodVolume } from './pods.js';

/** A file of an answer, when the driver is to write it. */
export interface AnsweredFile {
  readonly path: string;
  readonly mode: number;
  readonly contents: Buffer;
}

export interface MountAnswer {
  readonly versions: readonly { readonly id: string; readonly version: string }[];
  readonly files: readonly AnsweredFile[];
}

/** The provider refused a mount: what the driver and so the pod's event make of it. */
export class MountRefused extends Error {
  override readonly name = 'MountRefused';
  /** Name of the gRPC status as Go writes it, such as `PermissionDenied`. */
  readonly status: string;
  /** The provider's own words. */
  readonly details: string;

  constructor(error: grpc.ServiceError) {
    super(error.details, { cause: error });
    this.status = goStatusName(error.code);
    this.details = error.details;
  }
}

const [writeVersion, readVersion] = [writerOf(v1alpha1.VersionRequest), readerOf(v1alpha1.VersionResponse)];
const [writeMount, readMount] = [writerOf(v1alpha1.MountRequest), readerOf(v1alpha1.MountResponse)];

/** Kubelet's own limit for a call. */
const mountTimeoutMs = 120_000;

/** The default file mode, 0644, as the JSON number that the driver sends. */
const permission = '420';

export class Driver {
  readonly #client: grpc.Client;

  constructor(socket: string) {
    this.#client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  /** Waits until a provider answers. @throws grpc.ServiceError when none does in time */
  async waitUntilReady(timeoutMs: number): Promise<void> {
    const options = { deadline: Date.now() + timeoutMs };
    await new Promise<void>((resolve, reject) => {
      const { path } = versionMethod;
      this.#client.makeUnaryRequest(
        path,
        writeVersion,
        readVersion,
        { version: 'v1alpha1' },
        waiting(),
        options,
        (error) => {
          if (error) reject(error);
          else resolve();
        },
      );
    });
  }

  /**
   * One call for one volume.
   * @param tokens JSON of the pod's service account tokens
   * @throws MountRefused, or the reason of `signal`
   */
  async mount(
    pod: PodVolume,
    call: { readonly tokens: string; readonly targetPath: string; readonly signal: AbortSignal },
  ): Promise<MountAnswer> {
    call.signal.throwIfAborted();
    const request = {
      attributes: JSON.stringify({ ...pod.attributes, ...podAttributes(pod, call.tokens) }),
      secrets: 'null',
      target_path: call.targetPath,
      permission,
    };
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + mountTimeoutMs };
      const { path } = mountMethod;
      const pending = this.#client.makeUnaryRequest(
        path,
        writeMount,
        readMount,
        request,
        waiting(),
        options,
        (error, answer) => {
          call.signal.removeEventListener('abort', cancel);
          if (call.signal.aborted) reject(call.signal.reason as Error);
          else if (error) reject(new MountRefused(error));
          else resolve({ versions: answer?.object_version ?? [], files: answer?.files ?? [] });
        },
      );
      const cancel = () => {
        pending.cancel();
      };
      call.signal.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    this.#client.close();
  }
}

function waiting(): grpc.Metadata {
  return new grpc.Metadata({ waitForReady: true });
}

/** What kubelet adds to the attributes of an inline volume. */
function podAttributes(pod: PodVolume, tokens: string): Readonly<Record<string, string>> {
  return {
    'csi.storage.k8s.io/pod.name': pod.pod,
    'csi.storage.k8s.io/pod.namespace': pod.namespace,
    'csi.storage.k8s.io/pod.uid': pod.podUid,
    'csi.storage.k8s.io/serviceAccount.name': pod.serviceAccount,
    'csi.storage.k8s.io/ephemeral': 'true',
    'csi.storage.k8s.io/serviceAccount.tokens': tokens,
  };
}

/** `PERMISSION_DENIED` is `PermissionDenied` in Go's texts. */
function goStatusName(code: grpc.status): string {
  return grpc.status[code]
    .toLowerCase()
    .replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^Ok$/, 'OK');
}
