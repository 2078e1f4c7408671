/** The provider's image, as `npm run image` makes it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../support/run.js';

/** Builds the image over a base from the npm registry; gives the path of its archive. */
export async function providerImage(root: string): Promise<string> {
  const archive = path.join(root, 'dist-e2e/image.oci.tar');
  await run('npm', ['run', 'image', '--', '--base=npm', `--output=${archive}`], { cwd: root });
  return archive;
}

/** Name and tag under which the archive is imported. */
export function providerTag(root: string): string {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string };
  return version;
}
