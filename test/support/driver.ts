/** Calls a provider as the Secrets Store CSI Driver does: over its socket, with what `driver-contract` says. */
import * as grpc from '@grpc/grpc-js';
import type { CSIDriverProviderClient } from '../../src/generated/v1alpha1/CSIDriverProvider.js';
import type { VersionResponse__Output } from '../../src/generated/v1alpha1/VersionResponse.js';
import { loadProtocol } from './protocol.js';

/** One NodePublishVolume as it reaches the provider. */
export interface DriverMount {
  /** `spec.parameters` of the SecretProviderClass. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod?: string;
  readonly podUid?: string;
  /** JSON of `csi.storage.k8s.io/serviceAccount.tokens`; absent when the CSIDriver object asks for none. */
  readonly tokens?: string;
  /** Kubernetes 1.35 and later: the tokens come in `secrets` too. */
  readonly tokensInSecrets?: boolean;
  readonly targetPath: string;
  readonly permission?: string;
  /** Path to version, as drivers up to 1.5 send. */
  readonly currentVersions?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Set over the attributes made of the fields above. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** In the place of the whole attributes JSON. */
  readonly rawAttributes?: string;
  readonly rawSecrets?: string;
}

export interface DriverAnswer {
  readonly versions: Readonly<Record<string, string>>;
  /** Number of entries, repeated ids included. */
  readonly versionCount: number;
  readonly files: readonly { readonly path: string; readonly mode: number; readonly contents: Buffer }[];
}

export class Driver {
  readonly #client: CSIDriverProviderClient;
  /** Messages of all errors so far. */
  readonly errors: string[] = [];

  constructor(socket: string) {
    const Client = loadProtocol();
    this.#client = new Client(`unix:${socket}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
  }

  /** @throws grpc.ServiceError */
  async version(): Promise<VersionResponse__Output> {
    return new Promise((resolve, reject) => {
      this.#client.Version({ version: 'v1alpha1' }, { deadline: Date.now() + 5000 }, (error, answer) => {
        if (error) reject(error);
        else if (answer) resolve(answer);
      });
    });
  }

  /** @throws grpc.ServiceError */
  async mount(mount: DriverMount): Promise<DriverAnswer> {
    const metadata = new grpc.Metadata({ waitForReady: true });
    const options = { deadline: Date.now() + (mount.deadlineMs ?? 120_000) };
    return new Promise((resolve, reject) => {
      const call = this.#client.Mount(mountRequest(mount), metadata, options, (error, answer) => {
        if (error) {
          this.errors.push(error.details);
          reject(error);
        } else if (answer) {
          resolve({
            versions: Object.fromEntries(answer.object_version.map(({ id, version }) => [id, version])),
            versionCount: answer.object_version.length,
            files: answer.files,
          });
        }
      });
      mount.signal?.addEventListener('abort', () => {
        call.cancel();
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}

function mountRequest(mount: DriverMount) {
  const tokens = mount.tokens === undefined ? {} : { 'csi.storage.k8s.io/serviceAccount.tokens': mount.tokens };
  const attributes = {
    ...mount.parameters,
    'csi.storage.k8s.io/pod.name': mount.pod ?? `${mount.serviceAccount}-pod`,
    'csi.storage.k8s.io/pod.namespace': mount.namespace,
    'csi.storage.k8s.io/pod.uid': mount.podUid ?? 'd7b5d9a0-0000-4000-8000-000000000001',
    'csi.storage.k8s.io/serviceAccount.name': mount.serviceAccount,
    'csi.storage.k8s.io/ephemeral': 'true',
    secretProviderClass: 'aws-secrets',
    ...tokens,
    ...mount.attributes,
  };
  return {
    attributes: mount.rawAttributes ?? JSON.stringify(attributes),
    secrets: mount.rawSecrets ?? (mount.tokensInSecrets ? JSON.stringify(tokens) : 'null'),
    target_path: mount.targetPath,
    permission: mount.permission ?? '420',
    current_object_version: Object.entries(mount.currentVersions ?? {}).map(([id, version]) => ({ id, version })),
  };
}
