/** Writes docs/scale.md. `--check` only compares. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import { scalePage } from './page.js';

const target = path.resolve(import.meta.dirname, '../../docs/scale.md');
const config = await prettier.resolveConfig(target);
const fresh = await prettier.format(scalePage(), { ...config, parser: 'markdown' });
const isFresh = existsSync(target) && readFileSync(target, 'utf8') === fresh;
if (!isFresh && process.argv.includes('--check')) {
  console.error('not what scripts/scale says (run `npm run generate`): docs/scale.md');
  process.exitCode = 1;
} else if (!isFresh) {
  writeFileSync(target, fresh);
}
