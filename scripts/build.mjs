// Bundles the programs into dist/. Every file is renamed into place, so that two builds at once (two test runs of one
// checkout) never leave half a file.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build, transform } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const stage = mkdtempSync(path.join(root, 'dist-'));
const shared = {
  absWorkingDir: root,
  outdir: stage,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20.19',
  mainFields: ['module', 'main'],
  // protobufjs would load it for 64-bit numbers, which the protocol has none of: it compiles WebAssembly at each start.
  alias: { long: path.join(root, 'scripts/no-long.cjs') },
  define: { 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
  metafile: true,
};
/** Holds the parts of the provider that are loaded when they are needed; docs/adr/0013 says why. */
const parts = 'parts';

try {
  // esbuild splits modules of the standard alone: so the provider's parts are made as such, and then CommonJS of each.
  const provider = await build({
    ...shared,
    alias: { ...shared.alias, '@grpc/proto-loader': path.join(root, 'scripts/no-proto-loader.cjs') },
    entryPoints: { program: 'src/main.ts' },
    format: 'esm',
    splitting: true,
    entryNames: `${parts}/[name]`,
    chunkNames: `${parts}/[name]-[hash]`,
  });
  for (const name of filesOf(stage)) {
    const file = path.join(stage, name);
    const options = {
      format: 'cjs',
      minify: true,
      platform: 'node',
      target: shared.target,
      // Parts are loaded by src/process/part-loader.ts; Node's own way for modules would also read each file for its exports.
      supported: { 'dynamic-import': false },
    };
    const { code } = await transform(readFileSync(file, 'utf8'), options);
    // V8 keeps a text with one other character in two bytes for each: twice the memory, and slower to load.
    const other = /.{0,30}\P{ASCII}.{0,30}/u.exec(code);
    if (other) throw new Error(`${name} is not ASCII: escape it in ${other[0]}`);
    writeFileSync(file, code);
  }
  const others = await build({ ...shared, entryPoints: otherEntries(), format: 'cjs' });
  // Which packages are in which program: for licence notices and the bill of materials.
  const outputs = { ...provider.metafile.outputs, ...others.metafile.outputs };
  const inputs = { ...provider.metafile.inputs, ...others.metafile.inputs };
  writeFileSync(path.join(stage, 'metafile.json'), JSON.stringify({ inputs, outputs }));
  // The package says "type": "module"; the bundles are CommonJS.
  writeFileSync(path.join(stage, 'package.json'), '{"type":"commonjs"}\n');
  const fresh = filesOf(stage);
  mkdirSync(path.join(dist, parts), { recursive: true });
  // A file comes after those that it names.
  const last = [path.join(parts, 'program.js'), 'main.js'];
  for (const name of fresh.sort((a, b) => last.indexOf(a) - last.indexOf(b))) {
    renameSync(path.join(stage, name), path.join(dist, name));
  }
  for (const name of readdirSync(path.join(dist, parts))) {
    if (!fresh.includes(path.join(parts, name))) rmSync(path.join(dist, parts, name), { force: true });
  }
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/** The program for people is not there while the image is built. */
function otherEntries() {
  const entries = {
    main: 'src/start.ts',
    'extract-worker': 'src/mount/expression/extract-worker.ts',
    cli: 'src/cli/cli.ts',
  };
  return Object.fromEntries(
    Object.entries(entries).filter(([name, file]) => name !== 'cli' || existsSync(path.join(root, file))),
  );
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => statSync(path.join(folder, name)).isFile());
}
