/** Runs the pinned helm on a copy of the chart that needs no network. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import { kubectlLayer } from '../kubectl-layer.js';

const root = path.resolve(import.meta.dirname, '../..');

export const chartFolder = path.join(root, 'charts/secrets-store-csi-driver-provider-aws');

/** What a run of helm said. `code` is 0 when it succeeded. */
export interface HelmResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChartCopy {
  readonly folder: string;
  /** Runs helm with these arguments; a failure is a result too. */
  readonly helm: (args: readonly string[]) => Promise<HelmResult>;
  readonly dispose: () => void;
}

/**
 * Copies the chart to a temporary folder. Its sub-chart becomes the chart in the folder `driver`, or nothing: a sub-chart
 * that is declared and not there fails every command of helm, even when it is switched off. Throws an Error that says in a
 * sentence why there is no helm.
 */
export async function copyChart(driver?: string): Promise<ChartCopy> {
  const { helm: program } = kubectlLayer();
  const work = mkdtempSync(path.join(tmpdir(), 'chart-'));
  const folder = path.join(work, path.basename(chartFolder));
  const copy: ChartCopy = {
    folder,
    helm: (args) => run(program, args, work),
    dispose: () => {
      rmSync(work, { recursive: true, force: true });
    },
  };
  try {
    copyChartFiles(folder);
    rmSync(path.join(folder, 'Chart.lock'));
    const chart = parseDocument(readFileSync(path.join(folder, 'Chart.yaml'), 'utf8'));
    if (driver === undefined) chart.delete('dependencies');
    else chart.setIn(['dependencies', 0, 'repository'], `file://${driver}`);
    writeFileSync(path.join(folder, 'Chart.yaml'), chart.toString());
    if (driver === undefined) return copy;
    const { code, stderr } = await copy.helm(['dependency', 'update', folder]);
    if (code !== 0) throw new Error(`helm dependency update: ${stderr}`);
    return copy;
  } catch (error) {
    copy.dispose();
    throw error;
  }
}

/** The chart (default ours) as it is committed: without what a `helm dependency build` has left there. */
export function copyChartFiles(folder: string, chart = chartFolder): void {
  const fetched = path.join(chart, 'charts');
  cpSync(chart, folder, { recursive: true, filter: (source) => source !== fetched });
}

/** Nothing of this user counts: neither what helm has cached, nor a cluster that a kubeconfig leads to. */
async function run(program: string, args: readonly string[], home: string): Promise<HelmResult> {
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: path.join(home, 'no-kubeconfig') };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout?: string; stderr?: string };
    // A text here is an error of the system, such as ENOENT: helm did not run.
    if (typeof code !== 'number') throw error;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}
