/** Reads a Mount call once, at the door, into a request that no later step has to check again. */
import { isAbsolute } from 'node:path/posix';
import { combineErrors, ProviderError } from '../../errors.js';
import type { MountCall, MountRequest, ObjectSpec, Pod } from '../types.js';
import { Findings } from './findings.js';
import { readJsonObject } from './json-object.js';
import { parseObjects } from './objects.js';
import { readParameters } from './parameters.js';
import { parseTokens, tokensKey } from './pod-tokens.js';

const podKey = 'csi.storage.k8s.io/pod.';
const serviceAccountKey = 'csi.storage.k8s.io/serviceAccount.name';

/** Warnings that an error repeats at most. */
const noticesShown = 3;

export interface RequestOptions {
  /** The driver writes what the answer holds: it takes fewer names than a file system. */
  readonly driverWrites: boolean;
}

/** The driver's part of a call: it is small, and says whose volume it is. What the class says is not read yet. */
export interface MountEnvelope {
  readonly pod: Pod;
  readonly attributes: ReadonlyMap<string, string>;
  readonly tokens: MountRequest['tokens'];
  readonly call: MountCall;
}

/** @throws ProviderError `invalid_request` */
export function openMountCall(call: MountCall): MountEnvelope {
  const attributes = parseAttributes(call.attributes);
  const tokens = parseTokens(attributes.get(tokensKey), call.secrets);
  return { pod: readPod(attributes), attributes, tokens, call };
}

/**
 * The typed request.
 * @throws ProviderError with every fault that shows without asking anybody: `invalid_request` (the driver's part),
 *   `invalid_parameter`, `invalid_objects`, `path_conflict`; of several codes the first in this order
 */
export function parseMountRequest(call: MountCall, options: RequestOptions): MountRequest {
  return parseClass(openMountCall(call), options);
}

/** The second part of `parseMountRequest`, which may take its time: tenants write what it reads. */
export function parseClass(envelope: MountEnvelope, options: RequestOptions): MountRequest {
  const { pod, attributes, tokens, call } = envelope;
  const targetPath = readTargetPath(call.targetPath);
  const mode = readPermission(call.permission);

  const faults = new Findings();
  const warnings = new Findings();
  const parameters = readParameters(attributes, { faults, warnings });
  const list = parseObjects(attributes.get('objects'), {
    pathTranslation: parameters.pathTranslation,
    driverWrites: options.driverWrites,
    mode,
    // A faulty one is reported already; that objects need one would only confuse.
    hasFailoverRegion: (attributes.get('failoverRegion') ?? '') !== '',
  });
  const errors = list.error === undefined ? [] : [list.error];
  if (faults.count > 0) errors.unshift(new ProviderError('invalid_parameter', faults.list().join('; ')));
  const noticed = [...warnings.list(), ...list.warnings];
  if (errors.length > 0) throw withNotices(combineErrors(errors), noticed);

  const arnRegion = agreedRegion(list.objects);
  return {
    pod,
    ...parameters,
    ...(arnRegion !== undefined && { arnRegion }),
    objects: list.objects,
    tokens,
    targetPath,
    currentVersions: new Map(call.currentVersions.map(({ id, version }) => [id, version])),
    warnings: noticed,
  };
}

function parseAttributes(text: string): ReadonlyMap<string, string> {
  const entries = readJsonObject(text);
  if (entries === undefined) throw unreadable('its attributes are not a JSON object');
  const attributes = new Map<string, string>();
  for (const [key, value] of entries) {
    if (typeof value !== 'string') throw unreadable('its attributes hold a value that is not text');
    attributes.set(key, value);
  }
  return attributes;
}

function readPod(attributes: ReadonlyMap<string, string>): Pod {
  return {
    name: attributes.get(`${podKey}name`) ?? '',
    namespace: readName(attributes, `${podKey}namespace`),
    uid: attributes.get(`${podKey}uid`) ?? '',
    serviceAccount: readName(attributes, serviceAccountKey),
  };
}

/** A name of Kubernetes, which will stand in the path of a request: it must not be able to lead elsewhere. */
function readName(attributes: ReadonlyMap<string, string>, key: string): string {
  const name = attributes.get(key) ?? '';
  if (name === '') {
    throw unreadable(`the attribute ${key} is missing; the CSIDriver object must have podInfoOnMount: true`);
  }
  if (/^[A-Za-z0-9_.-]{1,253}$/.test(name) && name !== '.' && name !== '..') return name;
  throw unreadable(`the attribute ${key} is no name of Kubernetes`);
}

function readTargetPath(text: string): string {
  if (isAbsolute(text) && !text.includes('\0')) return text;
  throw unreadable('its target path must be absolute');
}

/** Permission bits out of a JSON number: `420` is 0644. */
function readPermission(text: string): number {
  const digits = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  if (digits === undefined) throw unreadable('its permission must be a decimal number such as 420');
  return Number(digits) & 0o777;
}

/** Warnings of a mount that fails explain the fault as often as not (a mistyped field is unknown, so the right one is missing). */
function withNotices(error: ProviderError, warnings: readonly string[]): ProviderError {
  if (warnings.length === 0) return error;
  const notices = warnings.slice(0, noticesShown).join('; ');
  return new ProviderError(error.code, `${error.message}; noticed too: ${notices}`, { cause: error });
}

/** The region of the objects' ARNs, when they have one in common. */
function agreedRegion(objects: readonly ObjectSpec[]): string | undefined {
  const regions = new Set(objects.flatMap(({ arn }) => (arn === undefined ? [] : [arn.region])));
  const [region] = regions;
  return regions.size === 1 ? region : undefined;
}

function unreadable(what: string): ProviderError {
  return new ProviderError('invalid_request', `the mount request cannot be read: ${what}`);
}
