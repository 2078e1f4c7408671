import assert from 'node:assert/strict';
import { missingNodeFlags, nodeFlags } from '../src/node-flags.js';

describe('missingNodeFlags', () => {
  const known = () => true;

  it('returns all flags when none is given', () => {
    assert.deepEqual(missingNodeFlags([], known), [...nodeFlags]);
  });

  it('returns none when all are given', () => {
    assert.deepEqual(missingNodeFlags(nodeFlags, known), []);
  });

  it('leaves another value of a flag in force, also when it is written with underscores', () => {
    assert.deepEqual(missingNodeFlags(['--max_semi_space_size=16'], known), [...nodeFlags.slice(1)]);
  });

  it('leaves out what this Node does not know', () => {
    const flags = missingNodeFlags([], () => false);
    assert.deepEqual(flags, [...nodeFlags.slice(0, 2)]);
  });
});
