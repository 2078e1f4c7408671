/** The provider's image, as `npm run image` makes it out of the Dockerfile. */
import { copyFileSync } from 'node:fs';
import { run } from '../support/run.js';

export interface ProviderImageOptions {
  /** The repository. */
  readonly root: string;
  /** An archive to take instead. */
  readonly given: string | undefined;
  readonly signal: AbortSignal;
}

/** Puts the archive where the cluster looks for it; its base comes from the npm registry, which needs no image registry. */
export async function writeProviderImage(
  archive: string,
  { root, given, signal }: ProviderImageOptions,
): Promise<void> {
  if (given !== undefined) copyFileSync(given, archive);
  else await run('npm', ['run', 'image', '--', '--base=npm', `--output=${archive}`], { cwd: root, signal });
}
