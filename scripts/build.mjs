// Bundles the programs into dist/, each one CommonJS file. Every file is renamed into place, so that two builds at once
// (two test runs of one checkout) never leave half a file.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const entries = {
  main: 'src/main.ts',
  'extract-worker': 'src/mount/expression/extract-worker.ts',
  cli: 'src/cli/cli.ts',
};
const dist = path.join(root, 'dist');
const stage = mkdtempSync(path.join(root, 'dist-'));
try {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(path.join(root, file)))),
    outdir: stage,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    mainFields: ['module', 'main'],
    define: { 'import.meta.dirname': '__dirname' },
    logLevel: 'warning',
    metafile: true,
  });
  // Which packages are in which program: for licence notices and the bill of materials.
  writeFileSync(path.join(stage, 'metafile.json'), JSON.stringify(metafile));
  // The package says "type": "module"; the bundles are CommonJS.
  writeFileSync(path.join(stage, 'package.json'), '{"type":"commonjs"}\n');
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(stage)) renameSync(path.join(stage, name), path.join(dist, name));
} finally {
  rmSync(stage, { recursive: true, force: true });
}
