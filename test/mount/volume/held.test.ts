import assert from 'node:assert/strict';
import { HeldFiles } from '../../../src/mount/volume/held.js';
import type { VolumeWriter } from '../../../src/mount/ports.js';
import type { FetchItem, MountRequest } from '../../../src/mount/types.js';
import { Secret } from '../../../src/secret.js';
import { parse } from '../../support/requests.js';

const value = new Secret('a value');
const fetchedFrom = (region: string) => ({ value, version: 'v1', region });
const volume: Pick<VolumeWriter, 'read'> = { read: () => Promise.resolve(value) };

/** A mount of the secret "db" as a driver up to 1.5 asks for it again. */
function again(targetPath: string): MountRequest {
  return { ...parse({}), targetPath, currentVersions: new Map([['db', 'v1']]) };
}

function items(region = 'eu-west-1', name = 'db'): readonly FetchItem[] {
  return [{ index: 0, primary: { type: 'secretsmanager', region, name } }];
}

async function isHeld(files: HeldFiles, targetPath: string, asked = items()): Promise<boolean> {
  const [item] = await files.addTo(asked, again(targetPath), volume as VolumeWriter);
  return item?.held !== undefined;
}

describe('HeldFiles', () => {
  it('holds what was written into this very volume', async () => {
    const files = new HeldFiles();
    assert.equal(await isHeld(files, '/one'), false);
    await files.remember(items(), [fetchedFrom('eu-west-1')], again('/one'));
    assert.equal(await isHeld(files, '/one'), true);
    assert.equal(await isHeld(files, '/two'), false);
  });

  it('does not take a secret for the one of another region or name', async () => {
    const files = new HeldFiles();
    await files.remember(items(), [fetchedFrom('eu-west-1')], again('/one'));
    assert.equal(await isHeld(files, '/one', items('us-east-1')), false);
    assert.equal(await isHeld(files, '/one', items('eu-west-1', 'other')), false);
  });

  it('does not take what the failover region gave for what the primary would give', async () => {
    const files = new HeldFiles();
    await files.remember(items(), [fetchedFrom('us-east-1')], again('/one'));
    assert.equal(await isHeld(files, '/one'), false);
  });

  it('knows nothing of what another process wrote', async () => {
    const one = new HeldFiles();
    await one.remember(items(), [fetchedFrom('eu-west-1')], again('/one'));
    assert.equal(await isHeld(new HeldFiles(), '/one'), false);
  });

  it('forgets the volumes that were written first when there are too many files', async () => {
    const files = new HeldFiles({ limit: 2 });
    for (const target of ['/one', '/two', '/one', '/three']) {
      await files.remember(items(), [fetchedFrom('eu-west-1')], again(target));
    }
    assert.deepEqual(await Promise.all(['/one', '/two', '/three'].map((target) => isHeld(files, target))), [
      true,
      false,
      true,
    ]);
  });
});
