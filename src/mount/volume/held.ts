/** What the volume already holds: drivers up to 1.5 say the mounted versions, the files hold the values. */
import type { FetchItem, HeldObject, MountRequest, ObjectSpec, VolumeWriter } from '../types.js';

/**
 * Adds to each item what the volume holds of its object, so that an unchanged secret need not be fetched again. An
 * object counts as held only when each of its files is there, readable and of one version: anything else is fetched.
 */
export async function withHeldObjects(
  items: readonly FetchItem[],
  request: MountRequest,
  volume: VolumeWriter,
): Promise<readonly FetchItem[]> {
  if (request.currentVersions.size === 0) return items;
  const held: FetchItem[] = [];
  for (const item of items) {
    const object = request.objects[item.index];
    const found = object && (await heldObject(object, request, volume));
    held.push(found ? { ...item, held: found } : item);
  }
  return held;
}

async function heldObject(
  object: ObjectSpec,
  request: MountRequest,
  volume: VolumeWriter,
): Promise<HeldObject | undefined> {
  // Parameter Store has nothing cheaper than the fetch; a hidden secret is nowhere whole in the volume.
  if (object.type !== 'secretsmanager' || object.hiddenByJmesPath) return undefined;
  const version = request.currentVersions.get(object.path);
  if (version === undefined || version === '') return undefined;
  for (const { path } of object.jmesPath) {
    if (request.currentVersions.get(path) !== version) return undefined;
    if (!(await volume.read(request.targetPath, path))) return undefined;
  }
  const value = await volume.read(request.targetPath, object.path);
  return value && { version, value };
}
