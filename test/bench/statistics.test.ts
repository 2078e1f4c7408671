/** Percentiles, medians and ratios. */
import assert from 'node:assert/strict';
import { median, percentile, ratioOf, spreadOf } from '../../bench/statistics.js';

describe('the arithmetic of the benchmark', () => {
  it('gives a percentile that was measured, by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(hundred, 0.5), 50);
    assert.equal(percentile(hundred, 0.99), 99);
    assert.equal(percentile([7, 3, 5], 0.5), 5);
    assert.equal(percentile([7, 3, 5], 0.99), 7);
    assert.equal(percentile([4], 0), 4);
  });

  it('gives the middle of an odd number of rounds, and the mean of two in the middle', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([1, 9, 5, 4]), 4.5);
    assert.deepEqual(spreadOf([9, 1, 5]), { median: 5, min: 1, max: 9 });
  });

  it('compares rounds in pairs, so that a load on both does not count', () => {
    assert.deepEqual(ratioOf([10, 40], [20, 80]), { median: 0.5, min: 0.5, max: 0.5 });
    assert.deepEqual(ratioOf([10, 30], [10, 10]), { median: 2, min: 1, max: 3 });
  });

  it('gives no ratio where there is nothing to divide', () => {
    assert.equal(ratioOf([1], [0]), undefined);
    assert.equal(ratioOf([], [1]), undefined);
  });
});
