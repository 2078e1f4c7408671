/** Writes the plain manifests in deployment/ from the chart. `--check` only compares. */
import { stringify, parseAllDocuments } from 'yaml';
import { writeGenerated } from '../generated.js';
import { copyChart } from './helm.js';

const command = 'npm run generate:deployment';
const name = 'csi-secrets-store-provider-aws';

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { name: string; labels?: Record<string, string> };
  readonly roleRef?: { name: string };
  readonly spec?: { template: { metadata: { labels: Record<string, string> } } };
}

interface Installer {
  readonly file: string;
  readonly values: readonly string[];
  readonly comment: string;
}

const about = `# Generated from the chart by \`${command}\`: change it there.
# The provider without helm. The Secrets Store CSI Driver must be installed apart from it, with tokenRequests for the
# audiences sts.amazonaws.com and pods.eks.amazonaws.com.`;

const installers: readonly Installer[] = [
  {
    file: 'deployment/aws-provider-installer.yaml',
    values: [],
    comment: `# No image is published yet: put in yours, or import this one on every node.
#   sed 's|localhost/|registry.example.com/|' deployment/aws-provider-installer.yaml | kubectl apply -f -`,
  },
  {
    file: 'deployment/private-installer.yaml',
    values: ['image.repository=${PRIVREPO}', 'image.tag=latest', 'image.pullPolicy=Always'],
    comment: `# For an image in a registry of your own:
#   export PRIVREPO=registry.example.com/secrets-store-csi-driver-provider-aws
#   envsubst '$PRIVREPO' < deployment/private-installer.yaml | kubectl apply -f -`,
  },
];

/** Names and labels of AWS's manifests: applied over them, these change the objects that are there. */
function renamed(object: KubernetesObject): KubernetesObject {
  object.metadata.labels = { app: name };
  if (object.spec) object.spec.template.metadata.labels = { app: name };
  if (object.kind === 'ClusterRoleBinding') object.metadata.name = `${name}-cluster-rolebinding`;
  return object;
}

const chart = await copyChart();
try {
  const files: Record<string, string> = {};
  for (const { file, values, comment } of installers) {
    const names = [`nameOverride=${name}`, `fullnameOverride=${name}`];
    const sets = [...names, ...values].flatMap((value) => ['--set', value]);
    const { code, stdout, stderr } = await chart.helm(['template', name, chart.folder, '-n', 'kube-system', ...sets]);
    if (code !== 0) throw new Error(stderr);
    const objects = parseAllDocuments(stdout).map((document) => renamed(document.toJS() as KubernetesObject));
    files[file] = `${about}\n${comment}\n${objects.map((object) => stringify(object)).join('---\n')}`;
  }
  await writeGenerated(files, command);
} finally {
  chart.dispose();
}
