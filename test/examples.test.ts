/** The manifests of `examples/`: complete, consistent, and with the IAM policies that their classes need. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { FAILSAFE_SCHEMA, load, loadAll } from 'js-yaml';
import { examples, mistakeFolder } from '../src/cli/examples.js';
import { readManifests, type ClassManifest } from '../src/cli/manifests.js';
import { readStoreFile } from '../src/local/document-reader.js';

const root = path.resolve(import.meta.dirname, '../examples');
const account = '111122223333';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: readonly string[];
  readonly Principal?: Readonly<Record<string, string>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Listed {
  readonly objectName: string;
  readonly objectType: 'secretsmanager' | 'ssmparameter';
  readonly failoverObject?: { readonly objectName: string };
}

function manifestsOf(folder: string) {
  return readManifests(path.join(root, folder, 'manifests.yaml'), folder);
}

function classOf(folder: string): ClassManifest {
  const [only, ...more] = manifestsOf(folder).classes;
  assert.ok(only && more.length === 0, `${folder} has one class`);
  return only;
}

function statements(folder: string, file: 'policy' | 'trust'): readonly Statement[] {
  const text = readFileSync(path.join(root, folder, 'iam', `${file}.json`), 'utf8');
  const document = JSON.parse(text) as { readonly Version: string; readonly Statement: readonly Statement[] };
  assert.equal(document.Version, '2012-10-17');
  return document.Statement;
}

/** `action arn` of everything that the class reads, in each of its regions. */
function needs({ parameters }: ClassManifest): ReadonlySet<string> {
  const list = load(parameters['objects'] ?? '', { schema: FAILSAFE_SCHEMA }) as readonly Listed[];
  const { region = '', failoverRegion } = parameters;
  const needed = list.flatMap(({ objectName, objectType, failoverObject }) => [
    ...access(objectType, objectName, region),
    ...(failoverRegion === undefined
      ? []
      : access(objectType, failoverObject?.objectName ?? objectName, failoverRegion)),
  ]);
  return new Set(needed);
}

function access(type: Listed['objectType'], name: string, region: string): readonly string[] {
  if (type === 'secretsmanager') {
    const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${name}-??????`;
    return [`secretsmanager:GetSecretValue ${arn}`, `secretsmanager:DescribeSecret ${arn}`];
  }
  const reference = /^\/aws\/reference\/secretsmanager\/(.+)$/.exec(name)?.[1];
  return [
    `ssm:GetParameters arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`,
    ...(reference === undefined ? [] : access('secretsmanager', reference, region)),
  ];
}

function granted(folder: string): ReadonlySet<string> {
  const pairs = statements(folder, 'policy').flatMap(({ Effect, Action, Resource }) => {
    assert.equal(Effect, 'Allow');
    return [Action].flat().flatMap((action) => (Resource ?? []).map((arn) => `${action} ${arn}`));
  });
  return new Set(pairs);
}

describe('the examples', () => {
  const store = readStoreFile(path.join(root, 'store.yaml'));
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it('are all shown by try', () => {
    const shown = [...examples.map(({ folder }) => folder), mistakeFolder];
    assert.deepEqual(folders.map(({ name }) => name).sort(), shown.sort());
  });

  for (const { name: folder } of folders) {
    it(`${folder}: a class in its own words, and a pod that mounts it and reads it`, () => {
      const { workloads, serviceAccounts } = manifestsOf(folder);
      const spc = classOf(folder);
      const [workload] = workloads;
      const [serviceAccount] = serviceAccounts;
      assert.ok(spc.description, 'has the annotation kubernetes.io/description');
      assert.equal(workload?.volumes[0]?.className, spc.name);
      assert.equal(workload.serviceAccount, serviceAccount?.name);
      assert.deepEqual([workload.namespace, spc.namespace, serviceAccount?.namespace], ['shop', 'shop', 'shop']);
      const text = readFileSync(path.join(root, folder, 'manifests.yaml'), 'utf8');
      assert.match(text, /mountPath: \/mnt\/secrets-store\n/);
      assert.match(text, /apiVersion: secrets-store\.csi\.x-k8s\.io\/v1\n/);
      assert.ok(loadAll(text).every((document) => typeof document === 'object' && document !== null));
    });
  }

  for (const { folder } of examples) {
    it(`${folder}: the policy grants what the class reads, and nothing else`, () => {
      assert.deepEqual([...granted(folder)].sort(), [...needs(classOf(folder))].sort());
    });

    it(`${folder}: the store's role may read the same names`, () => {
      const role = roleOf(folder);
      const allow = store.roles?.[role]?.allow ?? [];
      const pairs = allow.flatMap(({ actions, resources = [] }) =>
        actions.flatMap((action) => resources.map((name) => `${action} ${name}`)),
      );
      const names = [...granted(folder)].map((pair) =>
        pair.replace(/ arn:.*:secret:(.*)-\?{6}$/, ' $1').replace(/ arn:.*:parameter/, ' '),
      );
      assert.deepEqual(pairs.sort(), [...new Set(names)].sort());
    });

    it(`${folder}: only its service account may have the role`, () => {
      const [trust] = statements(folder, 'trust');
      const [serviceAccount] = manifestsOf(folder).serviceAccounts;
      const annotation = serviceAccount?.annotations['eks.amazonaws.com/role-arn'];
      if (classOf(folder).parameters['usePodIdentity'] === 'true') {
        assert.equal(annotation, undefined);
        assert.deepEqual(trust?.Principal, { Service: 'pods.eks.amazonaws.com' });
        assert.deepEqual(trust.Action, ['sts:AssumeRole', 'sts:TagSession']);
        return;
      }
      assert.equal(annotation, `arn:aws:iam::${account}:role/${roleOf(folder)}`);
      const provider = trust?.Principal?.['Federated']?.replace(/^.*:oidc-provider\//, '') ?? '';
      assert.deepEqual(trust?.Condition, {
        StringEquals: {
          [`${provider}:aud`]: 'sts.amazonaws.com',
          [`${provider}:sub`]: `system:serviceaccount:shop:${serviceAccount?.name ?? ''}`,
        },
      });
    });
  }

  it('sync-to-kubernetes-secret: every synced name is a file of the volume', () => {
    const text = readFileSync(path.join(root, 'sync-to-kubernetes-secret/manifests.yaml'), 'utf8');
    const synced = [...text.matchAll(/^ +- objectName: (\S+)\n +key:/gm)].map((match) => match[1]);
    const aliases = [...text.matchAll(/objectAlias: (\S+)/g)].map((match) => match[1]);
    assert.deepEqual(synced, aliases);
    assert.equal(synced.length, 2);
  });

  it('driver-writes: the chart value stands beside it', () => {
    const values = load(readFileSync(path.join(root, 'driver-writes/values.yaml'), 'utf8'));
    assert.deepEqual(values, { driverWritesSecrets: true });
  });

  function roleOf(folder: string): string {
    const serviceAccount = manifestsOf(folder).serviceAccounts[0]?.name ?? '';
    const key = `shop/${serviceAccount}`;
    return store.serviceAccounts?.[key]?.role ?? store.podIdentityAssociations?.[key] ?? '';
  }
});
