import assert from 'node:assert/strict';
import { indent, styleOf, userDirectory, wantsColor } from '../../src/cli/terminal.js';

describe('the terminal of a command', () => {
  const cases: readonly [string, boolean, Record<string, string>, boolean][] = [
    ['a screen', true, {}, true],
    ['a pipe', false, {}, false],
    ['a screen that knows no colours', true, { TERM: 'dumb' }, false],
    ['a screen with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['a screen with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['a screen with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
    ['a pipe with both', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ];
  for (const [what, isTTY, environment, expected] of cases) {
    it(`${expected ? 'paints' : 'does not paint'} on ${what}`, () => {
      assert.equal(wantsColor({ isTTY }, environment), expected);
    });
  }

  it('leaves text alone without colour and closes every colour that it opens', () => {
    assert.equal(styleOf(false).red('text'), 'text');
    assert.equal(styleOf(true).red('text'), '\u001b[31mtext\u001b[39m');
  });

  it('breaks a long text between words on a screen only', () => {
    const text = 'word '.repeat(30).trim();
    assert.equal(indent(text, 3, undefined), `   ${text}`);
    const lines = indent(text, 3, 60).split('\n');
    assert.ok(lines.length > 1 && lines.every((line) => line.startsWith('   word') && line.length <= 60));
  });

  it('begins relative paths where the user called npm', () => {
    const npm = { npm_lifecycle_event: 'try', INIT_CWD: '/home/me' };
    assert.equal(userDirectory(npm, '/checkout'), '/home/me');
    assert.equal(userDirectory({ ...npm, npm_lifecycle_event: 'test' }, '/checkout'), '/checkout');
    assert.equal(userDirectory({}, '/here'), '/here');
  });
});
