import assert from 'node:assert/strict';
import * as grpc from '@grpc/grpc-js';
import { ProviderError } from '../../src/errors.js';
import type { Mount } from '../../src/mount/ports.js';
import { callMount, Cleanup, emptyReply, keptLog } from './serving.js';

const { status } = grpc;

describe('the Mount call', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const outcomeOf = async (mount: Mount) => {
    const kept = keptLog();
    const client = cleanup.client(await cleanup.server(mount, kept));
    const answer = await callMount(client).catch((error: unknown) => error as grpc.ServiceError);
    return { answer, lines: kept.lines(), text: kept.text() };
  };

  it('logs one line for a mount that succeeds, with what the mount noted, counted and warned of', async () => {
    const { lines } = await outcomeOf((_call, context) => {
      context.note({ namespace: 'ns', pod: 'p', serviceAccount: 'sa', auth: 'irsa', region: 'eu-west-1', objects: 2 });
      context.count('aws');
      context.warn('unknown field');
      return Promise.resolve(emptyReply);
    });
    assert.equal(lines.length, 1);
    const { time, durationMs, ...line } = lines[0] ?? {};
    assert.equal(typeof time, 'string');
    assert.equal(typeof durationMs, 'number');
    assert.deepEqual(line, {
      level: 'warn',
      message: 'mount done',
      outcome: 'ok',
      namespace: 'ns',
      pod: 'p',
      serviceAccount: 'sa',
      auth: 'irsa',
      region: 'eu-west-1',
      objects: 2,
      awsCalls: 1,
      stsCalls: 0,
      agentCalls: 0,
      kubernetesCalls: 0,
      warnings: ['unknown field'],
    });
  });

  it('is a line of level info when there is nothing to warn of', async () => {
    const { lines } = await outcomeOf(() => Promise.resolve(emptyReply));
    assert.equal(lines[0]?.['level'], 'info');
  });

  it('answers a ProviderError with its status and message, and logs it with the request ids', async () => {
    const error = new ProviderError('access_denied', 'secret "a": denied', { requestIds: ['r2'] });
    const { answer, lines } = await outcomeOf((_call, context) => {
      context.note({ pod: 'p', requestIds: ['r1'] });
      return Promise.reject(error);
    });
    assert.ok(answer instanceof Error);
    assert.deepEqual([answer.code, answer.details], [status.PERMISSION_DENIED, 'secret "a": denied']);
    assert.equal(lines.length, 1);
    const { level, outcome, code, status: statusName, error: message, pod, requestIds } = lines[0] ?? {};
    assert.deepEqual([level, outcome, code, statusName], ['error', 'failed', 'access_denied', 'PERMISSION_DENIED']);
    assert.deepEqual([message, pod, requestIds], ['secret "a": denied', 'p', ['r1', 'r2']]);
  });

  it('turns an exception into INTERNAL, and neither caller nor log see its text', async () => {
    const throwing: Mount[] = [
      () => {
        throw new TypeError('hunter2');
      },
      () => Promise.reject(new SyntaxError('hunter2')),
    ];
    for (const mount of throwing) {
      const { answer, lines, text } = await outcomeOf(mount);
      assert.ok(answer instanceof Error);
      assert.equal(answer.code, status.INTERNAL);
      assert.match(answer.details, /^internal error in the provider/);
      assert.equal(lines.length, 1);
      assert.match(String(lines[0]?.['trace']), /^(Type|Syntax)Error \| at .*handlers\.test\.[jt]s/);
      assert.ok(!(text + answer.message).includes('hunter2'));
    }
  });

  it('answers INTERNAL when the reply cannot be sent', async () => {
    const broken = { versions: [{ id: 'f', version: 'v' }], files: [undefined] } as never;
    const { answer, lines } = await outcomeOf(() => Promise.resolve(broken));
    assert.ok(answer instanceof Error);
    assert.equal(answer.code, status.INTERNAL);
    assert.equal(lines.at(-1)?.['code'], 'internal');
  });

  it('answers a message of any length and characters', async () => {
    const { answer } = await outcomeOf(() =>
      Promise.reject(new ProviderError('invalid_objects', `a\nb\u0000\ud800 ${'é '.repeat(20_000)}`)),
    );
    assert.ok(answer instanceof Error);
    assert.equal(answer.code, status.INVALID_ARGUMENT);
    assert.match(answer.details, /^a\\x0ab\\x00\\u\{d800\} é é .*\(cut; the provider's log says more\)$/);
  });
});
