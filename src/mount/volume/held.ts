/** What the volume already holds: drivers up to 1.5 say the mounted versions, the files hold the values. */
import { createHmac, randomBytes } from 'node:crypto';
import { heldFiles } from '../../budgets.js';
import type { VolumeWriter } from '../ports.js';
import type { FetchedObject, FetchItem, HeldObject, MountRequest, ObjectQuery, ObjectSpec } from '../types.js';
import { TimeSlice } from './time-slice.js';

/**
 * Knows which files of which volume hold a whole secret, because this process wrote them.
 *
 * Path and version alone do not tell: an edit of the class can give the file of a jmesPath entry, or of another secret,
 * to the whole one, at the same version. So each whole value leaves a seal here when it is written, a hash over what it
 * is and what it holds. The key of the hash is random and dies with the process: without it, a seal is no means to
 * guess a weak password. For the same reason no seal is written to disk. After a restart each secret of a volume is
 * therefore fetched once more, as at the start of a pod, which AWS's quota of 10,000 calls a second does not notice.
 */
export class HeldFiles {
  readonly #key = randomBytes(32);
  readonly #limit: number;
  /** Seals by target, those written longest ago first. Nobody tells us when a pod ends: its seals go when room is needed. */
  readonly #targets = new Map<string, ReadonlySet<string>>();
  #count = 0;

  constructor(options: { readonly limit?: number } = {}) {
    this.#limit = options.limit ?? heldFiles;
  }

  /**
   * Adds to each item what the volume holds of its object, so that an unchanged secret need not be fetched again. An
   * object counts as held only when each of its files is there, readable and of one version, and that of the whole
   * value is the one that this process wrote for it: anything else is fetched.
   */
  async addTo(items: readonly FetchItem[], request: MountRequest, volume: VolumeWriter): Promise<readonly FetchItem[]> {
    const seals = this.#targets.get(request.targetPath);
    if (request.currentVersions.size === 0 || seals === undefined) return items;
    const withHeld: FetchItem[] = [];
    for (const item of items) {
      const object = request.objects[item.index];
      const held = object && (await heldObject(object, request, volume));
      const known = held && seals.has(this.#seal(object.path, item.primary, held));
      withHeld.push(known ? { ...item, held } : item);
    }
    return withHeld;
  }

  /** Seals the whole values that were just written, in the place of all that was known of this target. */
  async remember(
    items: readonly FetchItem[],
    fetched: readonly FetchedObject[],
    { objects, targetPath }: MountRequest,
  ): Promise<void> {
    const seals = new Set<string>();
    const slice = new TimeSlice();
    for (const [place, { index, primary }] of items.entries()) {
      const object = objects[index];
      const value = fetched[place];
      if (!object || !value) throw new TypeError(`objects[${index}] was not fetched`);
      // What the failover region gave is not what the primary would give; once that one is back it is asked.
      if (!canBeHeld(object) || value.region !== primary.region) continue;
      seals.add(this.#seal(object.path, primary, value));
      await slice.breathe();
    }
    this.#keep(targetPath, seals);
  }

  #keep(targetPath: string, seals: ReadonlySet<string>): void {
    this.#forget(targetPath);
    if (seals.size === 0) return;
    this.#targets.set(targetPath, seals);
    this.#count += seals.size;
    for (const oldest of this.#targets.keys()) {
      if (this.#count <= this.#limit) break;
      this.#forget(oldest);
    }
  }

  #forget(targetPath: string): void {
    this.#count -= this.#targets.get(targetPath)?.size ?? 0;
    this.#targets.delete(targetPath);
  }

  /** Holds everything that tells this value from another one; the JSON text says itself where it ends. */
  #seal(path: string, { region, name }: ObjectQuery, { version, value }: HeldObject): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([path, region, name, version]))
      .update(value.reveal())
      .digest('base64');
  }
}

/** Parameter Store has nothing cheaper than the fetch; a hidden secret is nowhere whole in the volume. */
function canBeHeld({ type, hiddenByJmesPath }: ObjectSpec): boolean {
  return type === 'secretsmanager' && !hiddenByJmesPath;
}

async function heldObject(
  object: ObjectSpec,
  request: MountRequest,
  volume: VolumeWriter,
): Promise<HeldObject | undefined> {
  if (!canBeHeld(object)) return undefined;
  const version = request.currentVersions.get(object.path);
  if (version === undefined || version === '') return undefined;
  for (const { path } of object.jmesPath) {
    if (request.currentVersions.get(path) !== version) return undefined;
    if (!(await volume.read(request.targetPath, path))) return undefined;
  }
  const value = await volume.read(request.targetPath, object.path);
  return value && { version, value };
}
