import assert from 'node:assert/strict';
import { nearestName } from '../../../src/mount/request/nearest-name.js';

const known = ['region', 'objectName', 'objectVersion', 'objectVersionLabel', 'path'];

describe('nearestName', () => {
  for (const [text, near] of [
    ['Region', 'region'],
    ['regoin', 'region'],
    ['regions', 'region'],
    ['objctName', 'objectName'],
    ['object-name', 'objectName'],
    ['objectVersions', 'objectVersion'],
    ['ObjectVersionLable', 'objectVersionLabel'],
    ['pat', 'path'],
  ] as const) {
    it(`takes ${text} for ${near}`, () => {
      assert.equal(nearestName(text, known), near);
    });
  }

  for (const text of ['', 'x', 'secretProviderClass', 'reasons', 'pa', 'objectName'.repeat(100)]) {
    it(`takes ${JSON.stringify(text.slice(0, 30))} for nothing`, () => {
      assert.equal(nearestName(text, known), undefined);
    });
  }
});
