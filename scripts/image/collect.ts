/** Collects what the image holds of this repository into a directory: programs, licence, notices of other packages. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundledPackages, imagePrograms, type BundledPackage } from './bundled-packages.js';

const root = path.resolve(import.meta.dirname, '../..');
const out = process.argv[2];
if (out === undefined) throw new TypeError('usage: collect DIRECTORY');
mkdirSync(out, { recursive: true });
for (const name of [...imagePrograms, 'package.json'])
  copyFileSync(path.join(root, 'dist', name), path.join(out, name));
copyFileSync(path.join(root, 'LICENSE'), path.join(out, 'LICENSE'));
writeFileSync(path.join(out, 'THIRD-PARTY-NOTICES'), notices(bundledPackages(root)));

/** A list of all packages, then the texts of their licences, equal ones once. */
function notices(packages: readonly BundledPackage[]): string {
  const title = ({ name, version, license }: BundledPackage) => `${name} ${version} (${license})`;
  const byText = new Map<string, string[]>();
  for (const item of packages) {
    const text = licenseTexts(item) || 'The package brings no text of its licence.';
    byText.set(text, [...(byText.get(text) ?? []), title(item)]);
  }
  const list = `The programs in this directory contain code of these packages:\n\n${packages.map(title).join('\n')}`;
  const texts = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}`);
  return [list, ...texts].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n';
}

function licenseTexts({ directory }: BundledPackage): string {
  const folder = path.join(root, directory);
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)([.-]|$)/i.test(name));
  return files
    .sort()
    .map((name) => readFileSync(path.join(folder, name), 'utf8').trim())
    .join('\n\n');
}
