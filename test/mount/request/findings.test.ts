import assert from 'node:assert/strict';
import { findingsCharacters, findingsShown } from '../../../src/budgets.js';
import { Findings, reporterAt } from '../../../src/mount/request/findings.js';

describe('Findings', () => {
  it('keeps the words of the first few and counts the rest, whose words are never made', () => {
    const findings = new Findings();
    let made = 0;
    for (let number = 0; number < 1000; number++) {
      findings.add(() => {
        made += 1;
        return `fault ${number}`;
      });
    }
    assert.equal(findings.count, 1000);
    assert.equal(made, findingsShown);
    assert.equal(findings.list().length, findingsShown + 1);
    assert.equal(findings.list()[0], 'fault 0');
    assert.equal(findings.list().at(-1), `and ${1000 - findingsShown} more`);
  });

  it('stops at a bound of characters, too', () => {
    const findings = new Findings();
    for (let number = 0; number < 5; number++) findings.add(() => 'x'.repeat(findingsCharacters / 2));
    assert.deepEqual(
      findings.list().map((text) => text.slice(0, 10)),
      ['xxxxxxxxxx', 'xxxxxxxxxx', 'and 3 more'],
    );
  });
});

describe('reporterAt', () => {
  it('puts the place before faults and warnings', () => {
    const faults = new Findings();
    const warnings = new Findings();
    const reporter = reporterAt(() => 'objects[1]', faults, warnings);
    reporter.fault(() => 'is bad');
    reporter.warn(() => 'is odd');
    assert.deepEqual(faults.list(), ['objects[1]: is bad']);
    assert.deepEqual(warnings.list(), ['objects[1]: is odd']);
  });
});
