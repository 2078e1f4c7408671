// Writes src/generated from proto/: handler types and the codec of the messages. `--check` only compares.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

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
  const cli = path.join(root, 'node_modules/protobufjs-cli/bin/pbjs');
  const unused = ['create', 'verify', 'convert', 'delimited', 'service', 'comments', 'typeurl'].map(
    (part) => `--no-${part}`,
  );
  const codec = execFileSync(
    process.execPath,
    [cli, '-t', 'static-module', '-w', 'es6', '--keep-case', ...unused, path.join(root, 'proto/v1alpha1.proto')],
    { encoding: 'utf8' },
  );
  const note = '// Generated from proto/v1alpha1.proto by `npm run generate`.\n';
  // As the tool writes it, the import finds nothing under Node's own loader of modules.
  writeFileSync(
    path.join(out, 'codec.js'),
    note +
      codec.replace('import * as $protobuf from "protobufjs/minimal"', 'import $protobuf from "protobufjs/minimal.js"'),
  );
  writeFileSync(
    path.join(out, 'codec.d.ts'),
    note + codecTypes(['MountRequest', 'MountResponse', 'VersionRequest', 'VersionResponse']),
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

/** Types of the codec, for the messages that the server reads and writes. */
function codecTypes(messages) {
  const imports = messages.map((name) => `import type { ${name}, ${name}__Output } from './v1alpha1/${name}.js';\n`);
  const members = messages.map((name) => `  readonly ${name}: Codec<${name}, ${name}__Output>;\n`);
  return (
    `${imports.join('')}\nexport interface Codec<In, Out> {\n` +
    `  encode(message: In): { finish(): Uint8Array };\n  /** Throws what is no such message. */\n  decode(bytes: Uint8Array): Out;\n}\n\n` +
    `export declare const v1alpha1: {\n${members.join('')}};\n`
  );
}

function readAll(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => statSync(path.join(folder, name)).isFile());
  // The tool writes the absolute path of the .proto file, which differs from machine to machine.
  const text = (name) => readFileSync(path.join(folder, name), 'utf8').replaceAll(`${root}/`, '');
  return new Map(names.sort().map((name) => [name, text(name)]));
}
