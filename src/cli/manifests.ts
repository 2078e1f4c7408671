/** Reads Kubernetes manifests as `kubectl apply` would, and keeps what matters for a mount. */
import { readFileSync } from 'node:fs';
import { YAML11_SCHEMA, YAMLException, loadAll } from 'js-yaml';
import { ProviderError, describeError, escapeControls, quote } from '../errors.js';
import { isDnsName } from './arguments.js';

export interface ClassManifest {
  readonly name: string;
  readonly namespace: string | undefined;
  /** Annotation `kubernetes.io/description`. */
  readonly description: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  /** The file it stands in, as the user named it. */
  readonly source: string;
}

/** A Pod, or what makes pods, that mounts a class. */
export interface WorkloadManifest {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly volumes: readonly VolumeManifest[];
}

export interface VolumeManifest {
  readonly name: string;
  readonly className: string;
  /** All of `volumeAttributes`, the name of the class among them. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ServiceAccountManifest {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Manifests {
  readonly classes: readonly ClassManifest[];
  readonly workloads: readonly WorkloadManifest[];
  readonly serviceAccounts: readonly ServiceAccountManifest[];
}

const driverName = 'secrets-store.csi.k8s.io';

/**
 * Everything in a file; kinds that do not matter here are passed over.
 * @param shown how messages name the file
 * @throws ProviderError `invalid_request` when it cannot be read, is no YAML, or the API server would refuse a part that
 * matters
 */
export function readManifests(file: string, shown: string): Manifests {
  const items = readDocuments(file, shown).flatMap((document) => unfold(document));
  const found = { classes: [], workloads: [], serviceAccounts: [] } as {
    classes: ClassManifest[];
    workloads: WorkloadManifest[];
    serviceAccounts: ServiceAccountManifest[];
  };
  for (const item of items) {
    const place: Place = {
      file: shown,
      kind: text(item['kind']) ?? '',
      name: text(asMap(item['metadata'])['name']) ?? '',
    };
    if (place.kind === 'SecretProviderClass') found.classes.push(...readClass(item, place));
    else if (place.kind === 'ServiceAccount') found.serviceAccounts.push(readServiceAccount(item, place));
    else found.workloads.push(...readWorkload(item, place));
  }
  return found;
}

interface Place {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
}

type YamlMap = Readonly<Record<string, unknown>>;

function readDocuments(file: string, shown: string): readonly unknown[] {
  try {
    // YAML 1.1, as kubectl reads it: an unquoted yes or 0400 is no text, and the API server refuses it.
    return loadAll(readFileSync(file, 'utf8'), { schema: YAML11_SCHEMA });
  } catch (error) {
    const line = error instanceof YAMLException && error.mark ? ` in line ${error.mark.line + 1}` : '';
    const problem = error instanceof YAMLException ? error.reason + line : describeError(error);
    throw invalid(`cannot read ${quote(shown)}: ${escapeControls(problem)}`);
  }
}

/** `kubectl get -o yaml` wraps several objects in a List. */
function unfold(document: unknown): readonly YamlMap[] {
  const item = asMap(document);
  const { items } = item;
  return text(item['kind'])?.endsWith('List') === true && Array.isArray(items) ? items.map(asMap) : [item];
}

function readClass(item: YamlMap, place: Place): readonly ClassManifest[] {
  const metadata = asMap(item['metadata']);
  const spec = asMap(item['spec']);
  if (spec['provider'] !== 'aws') return [];
  return [
    {
      name: checkName(place.name, 'metadata.name', place),
      namespace: namespaceOf(metadata, place),
      description: text(asMap(metadata['annotations'])['kubernetes.io/description']),
      parameters: texts(spec['parameters'], 'spec.parameters', place),
      source: place.file,
    },
  ];
}

function readServiceAccount(item: YamlMap, place: Place): ServiceAccountManifest {
  const metadata = asMap(item['metadata']);
  return {
    name: checkName(place.name, 'metadata.name', place),
    namespace: namespaceOf(metadata, place),
    annotations: texts(metadata['annotations'], 'metadata.annotations', place),
  };
}

/** A Pod has its spec at the top, a CronJob two levels down, all others in a template. */
function readWorkload(item: YamlMap, place: Place): readonly WorkloadManifest[] {
  const spec = asMap(item['spec']);
  const template = asMap(spec['template'] ?? asMap(asMap(spec['jobTemplate'])['spec'])['template']);
  const podSpec = place.kind === 'Pod' ? spec : asMap(template['spec']);
  const volumes = (Array.isArray(podSpec['volumes']) ? podSpec['volumes'] : []).flatMap((volume) =>
    readVolume(asMap(volume), place),
  );
  if (volumes.length === 0) return [];
  const serviceAccount = text(podSpec['serviceAccountName']) ?? text(podSpec['serviceAccount']);
  return [
    {
      kind: place.kind,
      name: checkName(place.name, 'metadata.name', place),
      namespace: namespaceOf(asMap(item['metadata']), place),
      serviceAccount: serviceAccount && checkName(serviceAccount, 'serviceAccountName', place),
      volumes,
    },
  ];
}

function readVolume(volume: YamlMap, place: Place): readonly VolumeManifest[] {
  const csi = asMap(volume['csi']);
  if (csi['driver'] !== driverName) return [];
  const attributes = texts(csi['volumeAttributes'], 'volumeAttributes', place);
  const className = attributes['secretProviderClass'];
  return className === undefined ? [] : [{ name: text(volume['name']) ?? '', className, attributes }];
}

function namespaceOf(metadata: YamlMap, place: Place): string | undefined {
  const namespace = text(metadata['namespace']);
  return namespace && checkName(namespace, 'metadata.namespace', place);
}

function checkName(name: string, field: string, place: Place): string {
  if (isDnsName(name)) return name;
  throw invalid(`${where(place)}: ${field} ${quote(name)} is no Kubernetes name`);
}

/** A map of texts to texts. The API server refuses `usePodIdentity: true` without quotes, and so do we. */
function texts(value: unknown, field: string, place: Place): Readonly<Record<string, string>> {
  const pairs = Object.entries(asMap(value)).map(([key, item]): [string, string] => {
    if (typeof item !== 'string') {
      throw invalid(`${where(place)}: ${field}.${escapeControls(key)} must be text: put it in quotes`);
    }
    return [key, item];
  });
  return Object.fromEntries(pairs);
}

function where({ file, kind, name }: Place): string {
  return `${quote(file)}: ${escapeControls(kind)} ${quote(name)}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asMap(value: unknown): YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function invalid(message: string): ProviderError {
  return new ProviderError('invalid_request', message);
}
