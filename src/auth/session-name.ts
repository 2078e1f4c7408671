/** The role session name, by which CloudTrail shows whose mount a call was. */
import { createHash } from 'node:crypto';
import type { Pod } from '../mount/types.js';

/** Limits of STS. */
const longest = 64;
const hashLength = 8;

/**
 * `<namespace>.<service account>.<pod>`. Where that is too long for STS the longest parts are cut and a short hash of
 * the whole keeps it apart from others.
 */
export function sessionName({ namespace, serviceAccount, name }: Pod): string {
  const parts = [namespace, serviceAccount, name].map((part) => part.replace(/[^\w+=,.@-]/g, '-'));
  const whole = parts.join('.');
  if (whole.length <= longest) return whole;
  const hash = createHash('sha256').update([namespace, serviceAccount, name].join('/')).digest('hex');
  return `${cutLongest(parts, longest - hashLength - 1).join('.')}-${hash.slice(0, hashLength)}`;
}

/** The parts, evenly shortened from the longest on, so that they fit into `room` with a dot between them. */
function cutLongest(parts: readonly string[], room: number): readonly string[] {
  const dots = parts.length - 1;
  let limit = longest;
  const size = (): number => parts.reduce((sum, part) => sum + Math.min(part.length, limit), dots);
  while (size() > room) limit -= 1;
  return parts.map((part) => part.slice(0, limit));
}
