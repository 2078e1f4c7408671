/** Renders the chart as users would, with helm itself. */
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { copyChart, type ChartCopy, type HelmResult } from '../../scripts/chart/helm.js';
import { kubectlLayer } from '../../scripts/kubectl-layer.js';

export const here = import.meta.dirname;
export const stubDriver = path.join(here, 'stub-driver');
export const valuesFile = (name: string): string => path.join(here, 'values', `${name}.yaml`);
export const withoutDriver = ['--set', 'secrets-store-csi-driver.install=false'];

/** What the tests look at in an object that helm rendered. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly [field: string]: unknown;
}

/** The parts of a pod's specification that the tests look at. */
export interface PodSpec {
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
  readonly terminationGracePeriodSeconds: number;
  readonly [field: string]: unknown;
}

export interface DaemonSet extends Rendered {
  readonly spec: {
    readonly selector: unknown;
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec };
  };
}

/** A copy of the chart, or a test that is skipped, with the reason, where there is no helm and none can be brought. */
export async function chartOrSkip(context: Mocha.Context, driver = stubDriver): Promise<ChartCopy> {
  context.timeout(300_000);
  try {
    kubectlLayer();
  } catch (error) {
    process.stderr.write(`skipped: ${(error as Error).message}\n`);
    context.skip();
  }
  return copyChart(driver);
}

/** `helm template` in kube-system, whatever comes of it. */
export function template(chart: ChartCopy, args: readonly string[], release = 'aws'): Promise<HelmResult> {
  return chart.helm(['template', release, chart.folder, '--namespace', 'kube-system', ...args]);
}

/** The objects that `helm template` gives. Throws what helm said when it fails. */
export async function render(
  chart: ChartCopy,
  args: readonly string[],
  release?: string,
): Promise<readonly Rendered[]> {
  const { code, stdout, stderr } = await template(chart, args, release);
  if (code !== 0) throw new Error(stderr);
  return parse(stdout);
}

/** Objects of a YAML text. A template of which only comments are left is none. */
export function parse(text: string): readonly Rendered[] {
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Rendered | null);
  return documents.filter((object) => object !== null);
}

/** The provider's DaemonSet among these objects. */
export function daemonSet(objects: readonly Rendered[]): DaemonSet {
  const found = objects.find(
    (object): object is DaemonSet =>
      object.kind === 'DaemonSet' &&
      (object as DaemonSet).spec.template.spec.containers[0].name === 'provider-aws-installer',
  );
  if (found === undefined) throw new Error('no DaemonSet of the provider');
  return found;
}

export const podSpec = (objects: readonly Rendered[]): PodSpec => daemonSet(objects).spec.template.spec;
export const container = (objects: readonly Rendered[]): Container => podSpec(objects).containers[0];
