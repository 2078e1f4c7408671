/** What the documentation says of the chart: values that exist, commands that helm and kubectl would take, no CRD deleted. */
import assert from 'node:assert/strict';
import { load } from 'js-yaml';
import { codeBlocks, commands, inlineCode, named, pages, read, type Found } from './support/docs.js';

const values = load(read('charts/secrets-store-csi-driver-provider-aws/values.yaml')) as Values;
const subChart = 'secrets-store-csi-driver';

/** Values of the driver's own chart (1.6.0) that the pages name; its chart is not part of this repository. */
const driverValues = [
  'enableSecretRotation',
  'rotationPollInterval',
  'syncSecret.enabled',
  'imagePullSecrets',
  'linux.image.repository',
  'linux.crds.image.repository',
  'linux.registrarImage.repository',
  'linux.livenessProbeImage.repository',
  'linux.kubeletRootDir',
  'linux.providersDir',
];

/** Words in camel case that are no values: of Kubernetes, of the driver, of SecretProviderClasses, of AWS, of our log. */
const otherWords = new Set(
  `podInfoOnMount requiresRepublish tokenRequests volumeAttributes secretObjects secretProviderClass fsGroup subPath
  mountPropagation serviceAccountName roleRef kubeVersion appVersion matchLabels hostPath runAsUser allowPrivilegeEscalation
  objects objectName objectType objectAlias objectVersion objectVersionLabel filePermission jmesPath failoverObject
  failoverRegion pathTranslation usePodIdentity preferredAddressType secretsmanager ssmparameter
  podUid serviceAccount waitedMs throttledMs awsCalls stsCalls agentCalls kubernetesCalls requestIds durationMs
  enableSecretRotation rotationPollInterval`.split(/\s+/),
);

type Values = Readonly<Record<string, unknown>>;

/** Whether a dotted path is a value of the chart; below an empty one, and in what Kubernetes defines, anything may stand. */
function isValue(name: string): boolean {
  if (name.startsWith(`${subChart}.`) && driverValues.includes(name.slice(subChart.length + 1))) return true;
  if (/^(resources|affinity|updateStrategy)\./.test(name)) return true;
  let level: unknown = values;
  for (const key of name.replaceAll(/\[\d+\]/g, '').split('.')) {
    if (level === null || level === '' || Array.isArray(level)) return true;
    if (typeof level !== 'object') return false;
    if (Object.keys(level).length === 0) return true;
    if (!Object.hasOwn(level, key)) return false;
    level = (level as Values)[key];
  }
  return true;
}

function leaves(value: unknown, path: readonly string[] = []): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

const unknown = (found: readonly Found[]): readonly Found[] => found.filter(({ text }) => !isValue(text));

describe('the documentation of the chart', () => {
  it('sets values that exist, the sub-chart’s by its name', () => {
    const keys = commands().flatMap(({ page, text }) =>
      [...text.matchAll(/--set(?:-json|-string|-file)?[ =]'?([\w.[\]-]+)=/g)].map(([, key = '']) => ({
        page,
        text: key,
      })),
    );
    assert.ok(keys.length > 15);
    assert.deepEqual(unknown(keys), []);
  });

  it('shows values files whose keys exist', () => {
    const files = codeBlocks('yaml').flatMap(({ page, text }) => {
      const document: unknown = load(text);
      const isOurs = Object.keys(document ?? {}).some((key) => Object.hasOwn(values, key));
      return isOurs ? leaves(document).map((key) => ({ page, text: key })) : [];
    });
    assert.ok(files.length > 10);
    assert.deepEqual(unknown(files), []);
  });

  it('names values that exist, with and without what they are set to', () => {
    const words = inlineCode(pages.filter((page) => !/^docs\/(adr|design)|^CONTRIBUTING|^charts/.test(page)))
      .map(({ page, text }) => ({ page, text: text.replace(/: .*$/, '') }))
      .filter(({ text }) => /^[a-z][\w-]*(\.[\w-]+)*$/.test(text));
    const first = (text: string): string => text.split('.')[0] ?? '';
    const dotted = words.filter(({ text }) => Object.hasOwn(values, first(text)));
    assert.ok(dotted.length > 60);
    assert.deepEqual(unknown(dotted), []);
    const camels = words.filter(({ text }) => /^[a-z]+[A-Z]\w*$/.test(text) && !otherWords.has(text));
    assert.deepEqual(unknown(camels), []);
  });

  it('says the defaults that they have', () => {
    const rows = named(/^\| (`[^|]+) \| ([^|]+?) +\|/gm, ['docs/install.md']);
    assert.ok(rows.length > 10);
    const table = /^\| (?<names>`[\w.-]+`(?:, `[\w.-]+`)*) +\| (?<defaults>`[^`]*`(?:, `[^`]*`)*) +\|/gm;
    const shown = [...read('docs/install.md').matchAll(table)].flatMap(({ groups }) => {
      const split = (list = ''): readonly string[] => [...list.matchAll(/`([^`]*)`/g)].map(([, text = '']) => text);
      const defaults = split(groups?.['defaults']);
      return split(groups?.['names']).map((name, place) => [name, defaults[place]] as const);
    });
    const checked = shown.filter(([name]) => !name.startsWith(subChart));
    assert.ok(checked.length > 5);
    for (const [name, text] of checked) {
      const value = name.split('.').reduce<unknown>((level, key) => (level as Values)[key], values);
      assert.equal(text, String(value), name);
    }
  });

  it('never deletes a CRD, nor an add-on without --preserve', () => {
    const deleting = commands().filter(({ text }) => /\b(delete|delete-addon)\b/.test(text));
    assert.ok(deleting.length > 4);
    assert.deepEqual(
      deleting.filter(({ text }) => /crd|customresourcedefinition|namespace\b/i.test(text)),
      [],
    );
    const addOns = commands().filter(({ text }) => text.includes('eks delete-addon'));
    assert.ok(addOns.length > 0);
    assert.ok(addOns.every(({ text }) => text.includes('--preserve')));
  });

  it('shows the names of the objects that the chart and the manifests have', () => {
    const manifest = read('deployment/aws-provider-installer.yaml');
    const deleted = commands(['docs/migration.md']).flatMap(({ text }) => [
      ...text.matchAll(/(csi-secrets-store-provider-aws[\w-]*)/g),
    ]);
    assert.ok(deleted.length > 3);
    for (const [, name = ''] of deleted) assert.ok(manifest.includes(`name: ${name}\n`), name);
    assert.ok(manifest.includes('image: localhost/secrets-store-csi-driver-provider-aws:'));
    assert.ok(read('deployment/private-installer.yaml').includes('${PRIVREPO}:latest'));
  });
});
