/** What makes two questions to AWS the same. */
import type { ObjectQuery } from '../../mount/types.js';
import { withoutLoneSlash } from '../parameter-names.js';

/**
 * Holds everything that changes the answer but the identity. An absent field is `null` in the text, which no given one
 * can be.
 */
export function questionKey({ type, region, name, version, versionLabel }: ObjectQuery): string {
  const oneName = type === 'ssmparameter' ? withoutLoneSlash(name) : name;
  return JSON.stringify([type, region, oneName, version, versionLabel]);
}
