/** What must be equal before anything is released. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';

/** @throws Error when the chart would install another version than this one */
export function checkVersions(version: string, chart: string): void {
  const file = path.join(chart, 'Chart.yaml');
  const { appVersion } = load(readFileSync(file, 'utf8')) as { readonly appVersion?: unknown };
  if (appVersion !== version) {
    throw new Error(
      `package.json is version ${version}, and Chart.yaml has appVersion ${String(appVersion)}: make them equal`,
    );
  }
}
