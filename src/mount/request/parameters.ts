/** Reads the parameters of a SecretProviderClass, `objects` apart. */
import { quote } from '../../errors.js';
import { regionFault } from '../../region-name.js';
import type { AddressPreference } from '../types.js';
import type { Findings } from './findings.js';
import { nearestName } from './nearest-name.js';

/** The parameters that this provider knows; their names count in exactly this spelling. */
export const parameterNames = [
  'objects',
  'region',
  'failoverRegion',
  'pathTranslation',
  'usePodIdentity',
  'preferredAddressType',
] as const;

/** Attributes that are looked at for slips: no class has more, and a hostile one shall not cost time. */
const comparedNames = 200;

export interface Parameters {
  readonly region?: string;
  readonly failoverRegion?: string;
  /** Absent when translation is off. */
  readonly pathTranslation?: string;
  readonly usePodIdentity: boolean;
  readonly preferredAddressType: AddressPreference;
}

/** Where what is found goes. */
export interface ParameterFindings {
  readonly faults: Findings;
  readonly warnings: Findings;
}

/** Reads them all; a faulty one has its default in the result. An empty one counts as not given. */
export function readParameters(attributes: ReadonlyMap<string, string>, findings: ParameterFindings): Parameters {
  const { faults, warnings } = findings;
  for (const name of [...attributes.keys()].slice(0, comparedNames)) warnOfNearMiss(name, warnings);
  const region = readRegion(attributes, 'region', faults);
  const failoverRegion = readRegion(attributes, 'failoverRegion', faults);
  if (region !== undefined && region === failoverRegion) {
    faults.add(() => `parameter failoverRegion ${quote(region)} must differ from the primary region`);
  }
  const pathTranslation = readPathTranslation(attributes.get('pathTranslation') ?? '', faults);
  const usePodIdentity = readUsePodIdentity(attributes.get('usePodIdentity') ?? '', faults);
  const preferred = attributes.get('preferredAddressType') ?? '';
  return {
    ...(region !== undefined && { region }),
    ...(failoverRegion !== undefined && { failoverRegion }),
    ...(pathTranslation !== undefined && { pathTranslation }),
    usePodIdentity,
    // With IRSA no agent is asked, so there is nothing to prefer, nor to warn of.
    preferredAddressType: usePodIdentity ? readAddressType(preferred, warnings) : 'auto',
  };
}

function readRegion(
  attributes: ReadonlyMap<string, string>,
  name: 'region' | 'failoverRegion',
  faults: Findings,
): string | undefined {
  const text = attributes.get(name) ?? '';
  if (text === '') return undefined;
  const fault = regionFault(text);
  if (fault === undefined) return text;
  faults.add(() => `parameter ${name} ${quote(text)} ${fault}`);
  return undefined;
}

function readPathTranslation(text: string, faults: Findings): string | undefined {
  if (text === '') return '_';
  if (text === '/' || text.toLowerCase() === 'false') return undefined;
  // A control character too: AWS's own provider takes any but NUL, and a pod's paths depend on it.
  if (text.length === 1 && text > '\0' && text <= '\x7f') return text;
  faults.add(
    () =>
      `parameter pathTranslation ${quote(text)} must be one ASCII character (not NUL), ` +
      'or "False" to keep the slashes of names as directories',
  );
  return '_';
}

const truths = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word): [string, boolean] => [word, true]),
  ...['', '0', 'f', 'F', 'false', 'FALSE', 'False'].map((word): [string, boolean] => [word, false]),
]);

function readUsePodIdentity(text: string, faults: Findings): boolean {
  const truth = truths.get(text);
  if (truth === undefined) faults.add(() => `parameter usePodIdentity ${quote(text)} must be "true" or "false"`);
  return truth ?? false;
}

function readAddressType(text: string, warnings: Findings): AddressPreference {
  const lower = text.toLowerCase();
  if (lower === 'ipv4' || lower === 'ipv6') return lower;
  if (lower !== 'auto' && lower !== '') {
    warnings.add(
      () => `parameter preferredAddressType ${quote(text)} is none of ipv4, ipv6 and auto, and counts as auto`,
    );
  }
  return 'auto';
}

/** Attributes of other origin (the driver's and the kubelet's own) are none of our business. */
function warnOfNearMiss(name: string, warnings: Findings): void {
  if (parameterNames.some((known) => known === name)) return;
  const near = nearestName(name, parameterNames);
  if (near === undefined) return;
  warnings.add(() => `the parameter ${quote(name)} is unknown and ignored; did you mean ${near}?`);
}
