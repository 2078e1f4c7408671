/** Mount calls for tests: as the driver sends them (test/fixtures), and made up from parameters. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ProviderError, type ErrorCode } from '../../src/errors.js';
import { parseMountRequest } from '../../src/mount/request/request.js';
import type { FileVersion, MountCall, MountRequest, ObjectSpec } from '../../src/mount/types.js';

/** A MountRequest as it is on the wire, field names included. */
interface WireRequest {
  readonly attributes: string;
  readonly secrets: string;
  readonly target_path: string;
  readonly permission: string;
  readonly current_object_version: readonly FileVersion[];
}

/** The call in a file of test/fixtures. */
export function driverRequest(name: string): MountCall {
  const url = new URL(`../fixtures/${name}`, import.meta.url);
  const wire = JSON.parse(readFileSync(url, 'utf8')) as WireRequest;
  return {
    attributes: wire.attributes,
    secrets: wire.secrets,
    targetPath: wire.target_path,
    permission: wire.permission,
    currentVersions: wire.current_object_version,
  };
}

/** What the driver adds to the parameters of a class. */
export const podAttributes: Readonly<Record<string, string>> = {
  'csi.storage.k8s.io/pod.name': 'web-0',
  'csi.storage.k8s.io/pod.namespace': 'shop',
  'csi.storage.k8s.io/pod.uid': '8f2c1f0a-3a53-4d52-9d6f-1b7a5f7f6c01',
  'csi.storage.k8s.io/serviceAccount.name': 'web',
  'csi.storage.k8s.io/ephemeral': 'true',
};

/** A good list of one object. */
export const oneObject = '- {objectName: db, objectType: secretsmanager}';

/** A call with these parameters; the list is `oneObject` unless they have one. */
export function callOf(parameters: Readonly<Record<string, string>>, rest: Partial<MountCall> = {}): MountCall {
  return {
    attributes: JSON.stringify({ ...podAttributes, objects: oneObject, ...parameters }),
    secrets: 'null',
    targetPath: '/var/lib/kubelet/pods/8f2c/volumes/kubernetes.io~csi/secrets/mount',
    permission: '420',
    currentVersions: [],
    ...rest,
  };
}

/** The request of such a call. */
export function parse(parameters: Readonly<Record<string, string>>, driverWrites = false): MountRequest {
  return parseMountRequest(callOf(parameters), { driverWrites });
}

/** The objects of a list, with other parameters beside it. */
export function parseList(objects: string, parameters: Readonly<Record<string, string>> = {}): readonly ObjectSpec[] {
  return parse({ ...parameters, objects }).objects;
}

/** The only object of a list. */
export function parseOne(objects: string, parameters: Readonly<Record<string, string>> = {}): ObjectSpec {
  const [object, ...others] = parseList(objects, parameters);
  assert.ok(object !== undefined && others.length === 0);
  return object;
}

/** What `work` throws must be a ProviderError of this code whose message is this text, or matches this pattern. */
export function refuses(code: ErrorCode, message: string | RegExp, work: () => unknown): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof ProviderError, `not a ProviderError: ${String(error)}`);
    assert.equal(error.code, code);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });
}
