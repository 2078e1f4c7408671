/** Decides what `try` shows: the classes of the user's files, or examples and a mistake. */
import path from 'node:path';
import { ProviderError, quote } from '../errors.js';
import type { TryOptions } from './arguments.js';
import { exampleFile, examples, mistakeFolder, type Example } from './examples.js';
import { readManifests, type ServiceAccountManifest } from './manifests.js';
import { planPods, type PodVolume } from './pods.js';

/** What is to be shown, in order. */
export interface Programme {
  readonly scenes: readonly Scene[];
  /** Must fail. */
  readonly mistake: PodVolume | undefined;
  readonly serviceAccounts: readonly ServiceAccountManifest[];
}

/** One volume, and the example that it is of. */
export interface Scene {
  readonly pod: PodVolume;
  readonly example: Example | undefined;
}

/**
 * The user's classes, or examples and a mistake.
 * @throws ProviderError `invalid_request` for a file that cannot be used
 */
export function planProgramme(
  options: TryOptions,
  place: { readonly root: string; readonly directory: string },
): Programme {
  const { podIdentity, namespace, serviceAccount } = options;
  if (options.files.length > 0) {
    const manifests = options.files.map((file) => readManifests(path.resolve(place.directory, file), file));
    const all = {
      classes: manifests.flatMap(({ classes }) => classes),
      workloads: manifests.flatMap(({ workloads }) => workloads),
      serviceAccounts: manifests.flatMap(({ serviceAccounts }) => serviceAccounts),
    };
    if (all.classes.length === 0) {
      const files = options.files.map(quote).join(', ');
      throw new ProviderError('invalid_request', `no SecretProviderClass with "provider: aws" in ${files}`);
    }
    const pods = planPods(all, { podIdentity, namespace, serviceAccount });
    return {
      scenes: pods.map((pod) => ({ pod, example: undefined })),
      mistake: undefined,
      serviceAccounts: all.serviceAccounts,
    };
  }
  const read = (folder: string) => readManifests(path.join(place.root, exampleFile(folder)), exampleFile(folder));
  const chosen = examples
    .filter(({ first }) => first || options.all)
    .map((example) => {
      const manifests = read(example.folder);
      return { example, manifests, pods: planPods(manifests, { podIdentity }) };
    });
  // Another endpoint does not know the roles' policies, which the mistake is about.
  const mistakes = options.endpointUrl === undefined ? planPods(read(mistakeFolder), { podIdentity }) : [];
  return {
    scenes: chosen.flatMap(({ example, pods }) => pods.map((pod) => ({ pod, example }))),
    mistake: mistakes[0],
    serviceAccounts: chosen.flatMap(({ manifests }) => manifests.serviceAccounts),
  };
}
