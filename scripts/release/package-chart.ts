/** Packages the chart with the very sub-chart that Chart.lock names, as a release does. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { copyChartFiles } from '../chart/helm.js';

export interface PackageOptions {
  /** The program. */
  readonly helm: string;
  /** The chart; it is only read. */
  readonly chart: string;
  /** Directory for the package. */
  readonly out: string;
}

interface Lock {
  readonly dependencies: readonly { readonly name: string; readonly repository: string }[];
}

/** @throws Error with what helm said, when the lock does not fit the chart or a repository cannot be reached */
export async function packageChart({ helm, chart, out }: PackageOptions): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'package-'));
  // What this user has told helm does not count: neither repositories nor what is cached of them.
  const own = Object.fromEntries(
    ['CONFIG', 'CACHE', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, path.join(work, kind)]),
  );
  const call = (...words: readonly string[]) => runHelm(helm, words, { ...process.env, ...own });
  try {
    const folder = path.join(work, path.basename(chart));
    copyChartFiles(folder, chart);
    const { dependencies } = load(readFileSync(path.join(folder, 'Chart.lock'), 'utf8')) as Lock;
    for (const { name, repository } of dependencies) await call('repo', 'add', name, repository);
    // Unlike `--dependency-update` it takes the locked versions, and refuses a lock that does not fit.
    await call('dependency', 'build', folder);
    await call('package', folder, '--destination', out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function runHelm(helm: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await promisify(execFile)(helm, words, { env, timeout: 300_000 });
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
    const said = stderr?.trim() ? stderr : message;
    throw new Error(`helm ${words.slice(0, 2).join(' ')}: ${said.trim()}`, { cause: error });
  }
}
