import assert from 'node:assert/strict';
import { parseTryArguments, tryUsage } from '../../src/cli/arguments.js';

describe('the arguments of try', () => {
  it('defaults to the examples, hidden values and a write by the provider', () => {
    assert.deepEqual(parseTryArguments([]), {
      kind: 'run',
      options: {
        files: [],
        all: false,
        store: undefined,
        target: undefined,
        endpointUrl: undefined,
        namespace: undefined,
        serviceAccount: undefined,
        driverWrites: false,
        podIdentity: false,
        watch: false,
        showValues: false,
      },
    });
  });

  it('reads every option', () => {
    const argv = ['-f', 'a.yaml', '--file=b.yaml', '--secrets', 's.yaml', '--target', 'out', '--namespace', 'shop'];
    const more = ['--service-account', 'web', '--endpoint-url', 'http://localhost:4566', '--driver-writes'];
    const parsed = parseTryArguments([...argv, ...more, '--pod-identity', '--watch', '--show-values']);
    assert.deepEqual(parsed, {
      kind: 'run',
      options: {
        files: ['a.yaml', 'b.yaml'],
        all: false,
        store: 's.yaml',
        target: 'out',
        endpointUrl: 'http://localhost:4566',
        namespace: 'shop',
        serviceAccount: 'web',
        driverWrites: true,
        podIdentity: true,
        watch: true,
        showValues: true,
      },
    });
  });

  it('asks for help with either name', () => {
    assert.deepEqual([parseTryArguments(['-h']), parseTryArguments(['--help'])], [{ kind: 'help' }, { kind: 'help' }]);
  });

  it('explains every option in the usage', () => {
    const names = ['file', 'secrets', 'all', 'show-values', 'watch', 'driver-writes', 'pod-identity', 'target'];
    for (const name of [...names, 'namespace', 'service-account', 'endpoint-url', 'help']) {
      assert.match(tryUsage, new RegExp(`--${name}\\b`));
    }
  });

  const mistakes: readonly [string, readonly string[], RegExp][] = [
    ['an unknown option', ['--nope'], /Unknown option '--nope'/],
    ['an option without its value', ['--secrets'], /--secrets.*argument missing/],
    ['a stray word', ['class.yaml'], /Unexpected argument 'class.yaml'/],
    ['an empty file name', ['-f', ''], /^a file name is empty$/],
    [
      'all examples beside a file',
      ['--all', '-f', 'a.yaml'],
      /^--all shows the examples: leave it out, or leave out -f$/,
    ],
    ['a namespace without a file', ['--namespace', 'shop'], /^--namespace and --service-account need -f FILE$/],
    ['a namespace that is no name', ['-f', 'a', '--namespace', '../x'], /^--namespace "..\/x" is no Kubernetes name$/],
    ['a service account that is no name', ['-f', 'a', '--service-account', 'A'], /^--service-account "A" is no/],
    ['an endpoint that is no URL', ['--endpoint-url', 'localhost'], /^--endpoint-url needs a URL such as http:/],
  ];
  for (const [what, argv, message] of mistakes) {
    it(`refuses ${what}`, () => {
      const parsed = parseTryArguments(argv);
      assert.match(parsed.kind === 'error' ? parsed.message : parsed.kind, message);
    });
  }
});
