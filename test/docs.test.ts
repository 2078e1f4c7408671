/** What the documentation names must exist: commands, links, files, flags, variables, error codes, and the first class. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import packageJson from '../package.json' with { type: 'json' };
import { usage as benchUsage } from '../bench/options.js';
import { tryUsage } from '../src/cli/arguments.js';
import { examples, exampleFile, mistakeFolder } from '../src/cli/examples.js';
import { errorCodes } from '../src/errors.js';
import { parseMountRequest } from '../src/mount/request/request.js';
import { environmentVariables } from '../src/options/environment-variables.js';
import { optionFlags } from '../src/options/options.js';
import { anchorsOf, codeBlocks, commands, filesIn, named, read, root } from './support/docs.js';

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
const sources = [...filesIn('src', '.ts'), ...filesIn('test', '.ts'), ...filesIn('scripts', '.ts')];

/** Flags of other programs that the pages name. */
const flagsOfOthers = new Map([
  [
    'node',
    [
      'max-semi-space-size',
      'max-old-space-size',
      'heap-growing-percent',
      'no-concurrent-recompilation',
      'no-sparkplug',
      'no-maglev',
      'optimize-for-size',
      'v8-pool-size',
      'use-openssl-ca',
      'use-system-ca',
      'use-bundled-ca',
      'disable-sigusr1',
    ],
  ],
  ['the driver', ['max-call-recv-msg-size']],
  ['helm', ['set', 'set-json', 'reuse-values', 'reset-then-reuse-values', 'force-conflicts']],
  ['eksctl and aws', ['role-only', 'preserve', 'target-role-arn']],
]);

/** npm scripts whose source says which flags they have. */
const programs = new Map([
  ['image', 'scripts/image/image.ts'],
  ['release', 'scripts/release/release.ts'],
  ['test:e2e', 'test/e2e/run.ts'],
]);

/** The blocks of README.md alone. */
const readmeBlocks = (language: string): readonly string[] =>
  codeBlocks(language, ['README.md']).map(({ text }) => text);

describe('documentation', () => {
  it('gives two commands to begin with, and CI runs the second in the same words', () => {
    const [first, second] = readmeBlocks('sh').map((text) => text.trim());
    assert.deepEqual([first, second], ['npm ci && npm run try', 'npm ci && npm run check']);
    assert.ok(read('.ci/run').includes(`'${second ?? ''}'`));
  });

  it('shows of `npm run try` the examples that it mounts, by the titles that they have', () => {
    const [output = ''] = readmeBlocks('text');
    const shown = [...output.matchAll(/^\d {2}(?:A mistake, on purpose: )?(.+?) {3}(examples\/\S+)$/gm)];
    const mounted = examples.filter(({ first }) => first).map(({ folder }) => exampleFile(folder));
    assert.deepEqual(
      shown.map(([, , file]) => file),
      [...mounted, exampleFile(mistakeFolder)],
    );
    for (const [, title = '', file = ''] of shown) assert.ok(read(file).includes(title), `${file}: ${title}`);
  });

  it('names npm scripts that exist', () => {
    const found = [...named(/\bnpm run (?:--silent )?([a-z0-9:]+)/g), ...named(/\bnpm (test|start)\b/g)];
    assert.ok(found.length > 10);
    assert.deepEqual(
      found.filter(({ text }) => !scripts.includes(text)),
      [],
    );
  });

  it('links to files that exist, and to headings that are in them', () => {
    const links = named(/\]\((?!https?:)([^)\s]+)\)/g);
    assert.ok(links.length > 100);
    const leadsNowhere = ({ page, text }: { readonly page: string; readonly text: string }): boolean => {
      const [file = '', anchor] = text.split('#');
      const target = file === '' ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).has(anchor);
    };
    assert.deepEqual(links.filter(leadsNowhere), []);
  });

  it('is complete in the table of README.md', () => {
    const linked = named(/\]\((docs\/[a-z-]+\.md)\)/g, ['README.md']).map(({ text }) => text);
    const there = filesIn('docs', '.md').filter((file) => path.dirname(file) === 'docs');
    assert.deepEqual(
      there.filter((file) => !linked.includes(file)),
      [],
    );
    assert.ok(read('README.md').split('\n').length <= 200);
  });

  it('names source files that exist', () => {
    const names = named(/`([\w./-]+\.(?:ts|mjs|cjs))`/g);
    assert.ok(names.length > 20);
    const exists = (text: string): boolean =>
      existsSync(path.join(root, text)) || sources.some((source) => source.endsWith(`/${text}`));
    assert.deepEqual(
      names.filter(({ text }) => !exists(text)),
      [],
    );
  });

  it('names flags that exist', () => {
    const ours = optionFlags.map(({ name }) => name);
    const others = [
      ...[...flagsOfOthers.values()].flat(),
      ...[tryUsage, benchUsage, ...[...programs.values()].map(read)].flatMap((usage) =>
        [...usage.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name),
      ),
    ];
    const found = named(/`(?:-- )?--(?!flag\b)([a-z0-9-]+)/g);
    assert.ok(found.length > 20);
    assert.deepEqual(
      found.filter(({ text }) => ![...ours, ...others].includes(text)),
      [],
    );
  });

  it('gives `npm run` flags that its script has', () => {
    const usages = new Map([
      ['try', tryUsage],
      ['bench', benchUsage],
      ...[...programs].map(([script, file]) => [script, read(file)] as const),
    ]);
    const calls = commands().flatMap(({ text }) => [...text.matchAll(/npm run ([a-z0-9:]+) -- ([^|#]+)/g)]);
    assert.ok(calls.length > 3);
    for (const [call, script = '', args = ''] of calls) {
      for (const [flag] of args.matchAll(/(?<= |^)--?[a-z][a-z-]*/g)) {
        assert.ok(flag === '--help' || usages.get(script)?.includes(flag), `${call}: ${flag}`);
      }
    }
  });

  it('has a section for every error code, and for nothing else', () => {
    const sections = named(/^## `(\w+)`$/gm, ['docs/errors.md']).map(({ text }) => text);
    assert.deepEqual(sections, [...errorCodes]);
  });

  it('lists every flag and variable, and nothing else', () => {
    const listed = named(/^\| (`[^|]+`) +\|/gm, ['docs/flags.md']).flatMap(({ text }) =>
      text.split(', ').map((name) => name.replaceAll('`', '')),
    );
    const flags = optionFlags.map(({ name }) => `--${name}`);
    assert.deepEqual(listed, [...flags, ...environmentVariables.flatMap(({ names }) => names)]);
  });

  it('knows every environment variable that the process reads', () => {
    const readers = sources.filter((file) => /^src\/(?!cli|local|generated)/.test(file)).map(read);
    const variables = readers.flatMap((text) =>
      [...text.matchAll(/(?:\benv\[|environment\w+\(env, |firstOf\(env, |readProxy\(env, )'([A-Z_]+)'/g)].map(
        ([, name = '']) => name,
      ),
    );
    assert.ok(variables.length > 10);
    const known = environmentVariables.flatMap(({ names }) => names);
    // Set for the SDK, never read.
    const set = [
      'AWS_CONFIG_FILE',
      'AWS_SHARED_CREDENTIALS_FILE',
      'AWS_EC2_METADATA_DISABLED',
      'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
    ];
    assert.deepEqual(
      variables.filter((name) => !known.includes(name) && !set.includes(name)),
      [],
    );
  });

  it('is what the tables in the code say', function () {
    this.timeout(30_000);
    const script = path.join(root, 'scripts/generate-docs.ts');
    execFileSync(process.execPath, ['--import=tsx', script, '--check'], { cwd: root, stdio: 'pipe' });
  });

  it('shows a class that the parser takes without a warning', () => {
    const [text = ''] = readmeBlocks('yaml');
    const { spec } = load(text) as { spec: { provider: string; parameters: Record<string, string> } };
    assert.equal(spec.provider, 'aws');
    const pod = {
      'csi.storage.k8s.io/pod.name': 'web',
      'csi.storage.k8s.io/pod.namespace': 'shop',
      'csi.storage.k8s.io/serviceAccount.name': 'web',
    };
    const call = {
      attributes: JSON.stringify({ ...spec.parameters, ...pod }),
      secrets: 'null',
      targetPath: '/target',
      permission: '420',
      currentVersions: [],
    };
    const { objects, warnings } = parseMountRequest(call, { driverWrites: false });
    assert.deepEqual(
      objects.map((object) => object.path),
      ['shop_database', 'log-level'],
    );
    assert.deepEqual(warnings, []);
  });

  it('says of every package that the provider needs what it is for, and how many they are', () => {
    const packages = Object.keys(packageJson.dependencies);
    const table = read('docs/adr/0001-runtime-dependencies.md').split('\n\nWritten here')[0] ?? '';
    const listed = [...table.matchAll(/^\| (`[^|]+) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(@?[a-z][a-z0-9-]*(?:\/[a-z0-9-]+)?)`/g)].map(([, name = '']) => name),
    );
    assert.deepEqual(listed.sort(), packages.sort());
    const numbers = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');
    const count = `${numbers[packages.length] ?? ''} packages are used at run time`;
    assert.ok(read('docs/security.md').toLowerCase().includes(count), count);
  });

  it('numbers its decisions without a gap', () => {
    const numbers = filesIn('docs/adr', '.md').map((file) => Number(path.basename(file).slice(0, 4)));
    assert.deepEqual(
      numbers,
      numbers.map((_, place) => place + 1),
    );
  });
});
