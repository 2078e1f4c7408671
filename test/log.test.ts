import assert from 'node:assert/strict';
import { createLogger, type LogFormat, type LogLevel } from '../src/log.js';
import { Secret } from '../src/secret.js';

function logged(format: LogFormat, level: LogLevel = 'info') {
  const lines: string[] = [];
  const now = () => new Date('2026-01-02T03:04:05.678Z');
  return { lines, log: createLogger({ format, level, now, write: (line) => lines.push(line) }) };
}

describe('createLogger', () => {
  it('writes one JSON object a line, without fields that are undefined', () => {
    const { lines, log } = logged('json');
    log.info('mounted', { pod: 'p', files: 2, ok: true, warnings: ['w'], nothing: undefined });
    assert.deepEqual(lines, [
      '{"time":"2026-01-02T03:04:05.678Z","level":"info","message":"mounted","pod":"p","files":2,"ok":true,"warnings":["w"]}\n',
    ]);
  });

  it('writes text with quoted fields', () => {
    const { lines, log } = logged('text');
    log.warn('slow', { pod: 'p q', files: 2 });
    assert.deepEqual(lines, ['2026-01-02T03:04:05.678Z WARN  slow pod="p q" files=2\n']);
  });

  it('leaves out what is below its level', () => {
    const { lines, log } = logged('json', 'warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { message: string }).message),
      ['c', 'd'],
    );
  });

  for (const format of ['json', 'text'] as const) {
    it(`keeps a tenant from forging a second ${format} line`, () => {
      const { lines, log } = logged(format);
      log.info('a\nb', { pod: 'x\n2026 INFO forged', warnings: ['\u001b[31m\u2028'] });
      assert.equal(lines.length, 1);
      assert.doesNotMatch((lines[0] ?? '').slice(0, -1), /[\p{Cc}\u2028]/u);
    });

    it(`bounds the length of a ${format} field`, () => {
      const { lines, log } = logged(format);
      log.info('a', { pod: 'x'.repeat(1_000_000) });
      assert.ok((lines[0] ?? '').length < 9_000);
    });
  }

  it('cannot show a secret that slips into a field', () => {
    const { lines, log } = logged('json');
    log.info('a', { pod: new Secret('canary') as unknown as string });
    assert.doesNotMatch(lines.join(''), /canary/);
  });
});
