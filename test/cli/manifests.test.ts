import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifests } from '../../src/cli/manifests.js';
import { planPods } from '../../src/cli/pods.js';
import { ProviderError } from '../../src/errors.js';

const secretClass = `
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: app, namespace: shop}
spec:
  provider: aws
  parameters:
    objects: "- objectName: x"
`;

function podSpec(serviceAccount: string, attributes = ''): string {
  return `{serviceAccountName: ${serviceAccount}, volumes: [{name: v, csi: {driver: secrets-store.csi.k8s.io, volumeAttributes: {secretProviderClass: app${attributes}}}}]}`;
}

describe('manifests', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'manifests-'));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function read(yaml: string) {
    const file = path.join(directory, 'm.yaml');
    writeFileSync(file, yaml);
    return readManifests(file, 'm.yaml');
  }

  it('gives a class the pod that mounts it, with the pod’s own attributes over the class’s', () => {
    const pod = `---\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: ${podSpec('web', ', region: eu-west-2')}\n`;
    const [planned] = planPods(read(secretClass + pod), { podIdentity: false });
    assert.deepEqual(
      { ...planned, podUid: undefined },
      {
        className: 'app',
        title: 'SecretProviderClass app',
        source: 'm.yaml',
        namespace: 'shop',
        serviceAccount: 'web',
        pod: 'p',
        podUid: undefined,
        volume: 'v',
        attributes: { objects: '- objectName: x', secretProviderClass: 'app', region: 'eu-west-2' },
      },
    );
  });

  for (const [kind, spec] of [
    ['Deployment', `{template: {spec: ${podSpec('web')}}}`],
    ['CronJob', `{jobTemplate: {spec: {template: {spec: ${podSpec('web')}}}}}`],
  ] as const) {
    it(`finds the service account in a ${kind}, and names its pod after it`, () => {
      const workload = `---\nkind: ${kind}\nmetadata: {name: w, namespace: shop}\nspec: ${spec}\n`;
      const [planned] = planPods(read(secretClass + workload), { podIdentity: false });
      assert.equal(planned?.serviceAccount, 'web');
      assert.match(planned.pod, /^w-[0-9a-f]{5}$/);
    });
  }

  it('reads the items of a List', () => {
    const item = secretClass.trim().replaceAll('\n', '\n  ');
    const { classes } = read(`kind: List\nitems:\n- ${item}\n`);
    assert.deepEqual(
      classes.map(({ name }) => name),
      ['app'],
    );
  });

  it('takes the only service account of the file when no pod is there', () => {
    const account = '---\nkind: ServiceAccount\nmetadata: {name: only, namespace: shop}\n';
    assert.equal(planPods(read(secretClass + account), { podIdentity: false })[0]?.serviceAccount, 'only');
    assert.equal(planPods(read(secretClass), { podIdentity: false })[0]?.serviceAccount, 'default');
  });

  it('lets the choices of the command line win', () => {
    const choices = { podIdentity: true, namespace: 'other', serviceAccount: 'me' };
    const [planned] = planPods(read(secretClass), choices);
    assert.deepEqual(
      [planned?.namespace, planned?.serviceAccount, planned?.attributes['usePodIdentity']],
      ['other', 'me', 'true'],
    );
  });

  it('passes over classes of other providers and other kinds', () => {
    const other = secretClass.replace('provider: aws', 'provider: vault');
    assert.deepEqual(read(`${other}---\nkind: ConfigMap\nmetadata: {name: c}\n`).classes, []);
  });

  const refusals: readonly [string, string, string][] = [
    [
      'a parameter that is no text to the API server',
      secretClass.replace('parameters:', 'parameters:\n    usePodIdentity: yes'),
      '"m.yaml": SecretProviderClass "app": spec.parameters.usePodIdentity must be text: put it in quotes',
    ],
    [
      'a name that is no Kubernetes name',
      secretClass.replace('name: app', 'name: ../app'),
      '"m.yaml": SecretProviderClass "../app": metadata.name "../app" is no Kubernetes name',
    ],
    [
      'text that is no YAML',
      'a: [',
      'cannot read "m.yaml": unexpected end of the stream within a flow collection in line 1',
    ],
  ];
  for (const [what, yaml, message] of refusals) {
    it(`refuses ${what}`, () => {
      assert.throws(() => read(yaml), new ProviderError('invalid_request', message));
    });
  }

  it('refuses one class twice', () => {
    assert.throws(
      () => planPods(read(`${secretClass}---\n${secretClass}`), { podIdentity: false }),
      new ProviderError('invalid_request', '"m.yaml": class "shop/app" is defined twice'),
    );
  });

  it('names a file that is not there', () => {
    assert.throws(() => readManifests(path.join(directory, 'none'), 'none'), {
      code: 'invalid_request',
      message: /^cannot read "none": ENOENT/,
    });
  });
});
