import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import packageJson from '../../package.json' with { type: 'json' };
import { makeSbom } from '../../scripts/release/sbom.js';

const root = path.resolve(import.meta.dirname, '../..');

interface Component {
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly purl?: string;
  readonly cpe?: string;
  readonly 'bom-ref': string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
  readonly components?: readonly Component[];
}

interface Bom {
  readonly metadata: { readonly component: Component; readonly timestamp: string };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

describe('the bill of materials', () => {
  const text = makeSbom({
    root,
    nodeVersions: { node: '24.9.1', openssl: '3.5.4', v8: '13.6.233', modules: '137' },
    platform: 'linux/arm64',
    base: 'example/base@sha256:00',
    timestamp: new Date('2026-01-02T03:04:05Z'),
  });
  const bom = JSON.parse(text) as Bom;
  const fullName = ({ group, name }: Component) => (group === undefined ? name : `${group}/${name}`);
  const packages = bom.components.filter(({ purl }) => purl?.startsWith('pkg:npm/'));

  it('keeps to the schema of CycloneDX 1.6', async () => {
    const fault: unknown = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
    assert.equal(fault, null);
  });

  it('names every package of which the programs hold code, and no other', () => {
    // Read once more, without the code under test.
    const { outputs } = JSON.parse(readFileSync(path.join(root, 'dist/metafile.json'), 'utf8')) as {
      outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
    };
    const names = new Set<string>();
    for (const [file, { inputs }] of Object.entries(outputs)) {
      if (file.endsWith('/cli.js')) continue;
      for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
        const [, name] =
          input
            .split('node_modules/')
            .at(-1)
            ?.match(/^((@[^/]+\/)?[^/]+)\//) ?? [];
        if (input.startsWith('node_modules/') && name !== undefined && bytesInOutput > 0) names.add(name);
      }
    }
    assert.deepEqual([...new Set(packages.map(fullName))].sort(), [...names].sort());
    for (const name of Object.keys(packageJson.dependencies))
      assert.ok(names.has(name), `${name} is not in the programs`);
  });

  it('says of each its version, licence and checksum, as installed and locked', () => {
    for (const component of packages) {
      assert.ok(component.licenses?.length, component.name);
      assert.match(component.hashes?.[0]?.content ?? '', /^[0-9a-f]{128}$/, component.name);
    }
    const grpc = packages.find((component) => fullName(component) === '@grpc/grpc-js');
    const { version } = JSON.parse(
      readFileSync(path.join(root, 'node_modules/@grpc/grpc-js/package.json'), 'utf8'),
    ) as {
      version: string;
    };
    assert.equal(grpc?.version, version);
    assert.equal(grpc.purl, `pkg:npm/%40grpc/grpc-js@${version}`);
  });

  it('names Node as scanners know it, with the libraries inside of it', () => {
    const node = bom.components.find(({ name }) => name === 'node');
    assert.equal(node?.version, '24.9.1');
    assert.match(node.cpe ?? '', /^cpe:2\.3:a:nodejs:node\.js:24\.9\.1:/);
    assert.deepEqual(
      node.components?.map(({ name, version }) => `${name} ${version}`),
      ['openssl 3.5.4', 'v8 13.6.233'],
    );
  });

  it('describes this program, which depends on all of them', () => {
    const { component, timestamp } = bom.metadata;
    assert.deepEqual([component.name, component.version], [packageJson.name, packageJson.version]);
    assert.equal(timestamp, '2026-01-02T03:04:05.000Z');
    const { dependsOn } = bom.dependencies.find(({ ref }) => ref === component['bom-ref']) ?? {};
    assert.deepEqual([...(dependsOn ?? [])].sort(), bom.components.map((item) => item['bom-ref']).sort());
  });
});
