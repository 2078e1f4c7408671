import assert from 'node:assert/strict';
import { bindRegions } from '../../src/mount/bind.js';
import { parse, refuses } from '../support/requests.js';

const primary = 'us-east-1';
const failover = 'us-west-2';
const arnIn = (region: string, service = 'secretsmanager', resource = 'secret:db-AbCdEf') =>
  `arn:aws:${service}:${region}:111122223333:${resource}`;

function bind(objects: string, regions: { primary: string; failover?: string } = { primary, failover }) {
  return bindRegions(parse({ objects, ...(regions.failover && { failoverRegion: failover }) }), regions);
}

function failoverOf(objects: string) {
  return bind(objects)[0]?.failover;
}

describe('bindRegions', () => {
  it('asks for every object in the primary region, in the order of the list', () => {
    const objects =
      '- {objectName: a, objectType: secretsmanager, objectVersion: v, objectVersionLabel: l}\n' +
      '- {objectName: /b, objectType: ssmparameter}\n';
    assert.deepEqual(bind(objects, { primary }), [
      { index: 0, primary: { type: 'secretsmanager', region: primary, name: 'a', version: 'v', versionLabel: 'l' } },
      { index: 1, primary: { type: 'ssmparameter', region: primary, name: '/b' } },
    ]);
  });

  it('asks in the failover region for the same, when an object says nothing of it', () => {
    const objects = '- {objectName: a, objectType: secretsmanager, objectVersion: v, objectVersionLabel: l}';
    assert.deepEqual(failoverOf(objects), {
      type: 'secretsmanager',
      region: failover,
      name: 'a',
      version: 'v',
      versionLabel: 'l',
    });
  });

  it('exchanges the region of an ARN', () => {
    assert.equal(failoverOf(`- objectName: ${arnIn(primary)}`)?.name, arnIn(failover));
    const parameter = arnIn(primary, 'ssm', 'parameter/a/b');
    assert.equal(failoverOf(`- objectName: ${parameter}`)?.name, arnIn(failover, 'ssm', 'parameter/a/b'));
  });

  it('takes the name, version and label of failoverObject, and the primary’s label when it has none', () => {
    const objects = (rest: string) =>
      `- {objectName: a, objectType: secretsmanager, objectAlias: f, objectVersion: v, objectVersionLabel: l, failoverObject: {objectName: b, objectVersion: v${rest}}}`;
    assert.deepEqual(failoverOf(objects(', objectVersionLabel: m')), {
      type: 'secretsmanager',
      region: failover,
      name: 'b',
      version: 'v',
      versionLabel: 'm',
    });
    assert.equal(failoverOf(objects(''))?.versionLabel, 'l');
  });

  it('takes the primary’s name with the label of a failoverObject without name', () => {
    const objects = `- {objectName: "${arnIn(primary)}", objectVersion: v, failoverObject: {objectVersionLabel: m}}`;
    assert.deepEqual(failoverOf(objects), {
      type: 'secretsmanager',
      region: failover,
      name: arnIn(failover),
      version: 'v',
      versionLabel: 'm',
    });
  });

  it('takes another version of a failoverObject without name, unchecked', () => {
    const objects =
      '- {objectName: a, objectType: secretsmanager, objectVersion: v, failoverObject: {objectVersion: w}}';
    assert.equal(failoverOf(objects)?.version, 'w');
  });

  it('lets the selector of a parameter’s failoverObject take the place of the primary’s, for AWS takes one only', () => {
    const objects =
      '- {objectName: a, objectType: ssmparameter, objectVersion: 3, failoverObject: {objectVersionLabel: m}}';
    assert.deepEqual(failoverOf(objects), { type: 'ssmparameter', region: failover, name: 'a', versionLabel: 'm' });
    const kept = '- {objectName: a, objectType: ssmparameter, objectVersion: 3}';
    assert.deepEqual(failoverOf(kept), { type: 'ssmparameter', region: failover, name: 'a', version: '3' });
  });

  it('refuses equal regions', () => {
    refuses('invalid_parameter', 'parameter failoverRegion "us-west-2" must differ from the primary region', () =>
      bind('- {objectName: a, objectType: secretsmanager}', { primary: failover, failover }),
    );
  });

  it('refuses all ARNs of another region at once, each with its place and the remedy', () => {
    const objects =
      `- objectName: ${arnIn('eu-west-1')}\n- objectName: ${arnIn(primary)}x\n` +
      `- {objectName: c, objectType: secretsmanager, objectAlias: c, failoverObject: {objectName: "${arnIn(primary)}"}}\n`;
    refuses(
      'invalid_objects',
      `objects[0] "${arnIn('eu-west-1')}": the ARN is of region eu-west-1, but the mount reads from us-east-1: ` +
        `set the parameter region, or use a SecretProviderClass for each region; ` +
        `objects[2] "c": the ARN "${arnIn(primary)}" of failoverObject is of region us-east-1, but failoverRegion is ` +
        `us-west-2: make them agree`,
      () => bind(objects),
    );
  });

  it('bounds the message of a list full of faults', () => {
    const objects = Array.from({ length: 900 }, (_, index) => `- objectName: ${arnIn('eu-west-1')}${index}`).join('\n');
    refuses('invalid_objects', /^.{1000,8000}; and 8\d\d more$/, () => bind(objects));
  });
});
