/** Collects what the image holds of this repository into a directory: programs, licence, notices of other packages. */
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundledPackages, imageFiles } from './bundled-packages.js';
import { makeNotices } from './notices.js';

const root = path.resolve(import.meta.dirname, '../..');
const out = process.argv[2];
if (out === undefined) throw new TypeError('usage: collect DIRECTORY');
mkdirSync(out, { recursive: true });
for (const name of imageFiles) cpSync(path.join(root, 'dist', name), path.join(out, name), { recursive: true });
copyFileSync(path.join(root, 'LICENSE'), path.join(out, 'LICENSE'));
writeFileSync(path.join(out, 'THIRD-PARTY-NOTICES'), makeNotices(root, bundledPackages(root)));
