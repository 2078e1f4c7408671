/** The notices of the packages whose code the image's programs contain. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { BundledPackage } from './bundled-packages.js';

const opening = 'The programs in this directory contain code of these packages:';
const line = `\n\n${'-'.repeat(80)}\n\n`;

/** How a package stands in the list. */
export function packageTitle({ name, version, license }: BundledPackage): string {
  return `${name} ${version} (${license})`;
}

/** A list of all packages, then the texts of their licences, equal ones once. */
export function makeNotices(root: string, packages: readonly BundledPackage[]): string {
  const byText = new Map<string, string[]>();
  for (const item of packages) {
    const text = licenseTexts(path.join(root, item.directory)) || 'The package brings no text of its licence.';
    byText.set(text, [...(byText.get(text) ?? []), packageTitle(item)]);
  }
  const list = `${opening}\n\n${packages.map(packageTitle).join('\n')}`;
  return [list, ...[...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}`)].join(line) + '\n';
}

/** The list of such a text: the packages that it was made for. */
export function listOfNotices(text: string): readonly string[] {
  const [list = ''] = text.split(line);
  return list.split('\n').slice(2);
}

function licenseTexts(folder: string): string {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)([.-]|$)/i.test(name));
  return files
    .sort()
    .map((name) => readFileSync(path.join(folder, name), 'utf8').trim())
    .join('\n\n');
}
