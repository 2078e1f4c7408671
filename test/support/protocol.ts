/** The service as proto-loader reads it from proto/: another codec than the provider's own. */
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import type { ProtoGrpcType } from '../../src/generated/v1alpha1.js';

export function loadProtocol(): ProtoGrpcType['v1alpha1']['CSIDriverProvider'] {
  const proto = path.resolve(import.meta.dirname, '../../proto/v1alpha1.proto');
  const definition = protoLoader.loadSync(proto, { keepCase: true, defaults: true });
  return (grpc.loadPackageDefinition(definition) as unknown as ProtoGrpcType).v1alpha1.CSIDriverProvider;
}
