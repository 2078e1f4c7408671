// Writes src/generated from proto/: handler types and the descriptor that the bundle embeds. `--check` only compares.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import protobuf from 'protobufjs';

const root = path.resolve(import.meta.dirname, '..');
const out = mkdtempSync(path.join(tmpdir(), 'generate-'));
try {
  const tool = path.join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');
  execFileSync(
    process.execPath,
    [tool, 'v1alpha1.proto', '--keepCase', '--defaults', '--grpcLib=@grpc/grpc-js', '--importFileExtension=.js'].concat(
      [`--outDir=${out}`, `--includeDirs=${path.join(root, 'proto')}`],
    ),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const descriptor = new protobuf.Root().loadSync(path.join(root, 'proto/v1alpha1.proto'), { keepCase: true }).toJSON();
  // Its type wants a comment of each method; `toJSON` leaves it out.
  for (const method of Object.values(descriptor.nested.v1alpha1.nested.CSIDriverProvider.methods)) method.comment = '';
  writeFileSync(
    path.join(out, 'descriptor.ts'),
    `// Generated from proto/v1alpha1.proto by \`npm run generate\`.\nimport type { INamespace } from 'protobufjs';\n\n` +
      `export const descriptor: INamespace = ${JSON.stringify(descriptor)};\n`,
  );
  const fresh = readAll(out);
  const folder = path.join(root, 'src/generated');
  if (process.argv.includes('--check')) {
    const kept = readAll(folder);
    const names = new Set([...fresh.keys(), ...kept.keys()]);
    const differing = [...names].filter((name) => fresh.get(name) !== kept.get(name));
    if (differing.length > 0) {
      console.error(`src/generated differs from proto/ (run \`npm run generate\`): ${differing.join(', ')}`);
      process.exitCode = 1;
    }
  } else {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, text] of fresh) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}

function readAll(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => statSync(path.join(folder, name)).isFile());
  // The tool writes the absolute path of the .proto file, which differs from machine to machine.
  const text = (name) => readFileSync(path.join(folder, name), 'utf8').replaceAll(`${root}/`, '');
  return new Map(names.sort().map((name) => [name, text(name)]));
}
