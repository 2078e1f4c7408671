/** Writes files that are generated, or with `--check` on the command line only compares them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';

const root = path.resolve(import.meta.dirname, '..');

/** `files` are texts by path from the root; `command` is what a reader of the complaint has to run. */
export async function writeGenerated(files: Readonly<Record<string, string>>, command: string): Promise<void> {
  const stale: string[] = [];
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(root, file);
    const { ignored } = await prettier.getFileInfo(target, { ignorePath: path.join(root, '.prettierignore') });
    const config = await prettier.resolveConfig(target);
    const fresh = ignored ? text : await prettier.format(text, { ...config, filepath: target });
    if (existsSync(target) && readFileSync(target, 'utf8') === fresh) continue;
    if (process.argv.includes('--check')) stale.push(file);
    else writeFileSync(target, fresh);
  }
  if (stale.length === 0) return;
  console.error(`differs from what it is generated from (run \`${command}\`): ${stale.join(', ')}`);
  process.exitCode = 1;
}
