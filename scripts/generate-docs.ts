/** Writes docs/flags.md and docs/errors.md from the tables in the code. `--check` only compares. */
import * as grpc from '@grpc/grpc-js';
import { errorCodes } from '../src/errors.js';
import { environmentVariables } from '../src/options/environment-variables.js';
import { optionFlags } from '../src/options/options.js';
import { statusOf } from '../src/server/status.js';
import { errorTexts } from './error-texts.js';
import { writeGenerated } from './generated.js';

const note = (source: string): string =>
  `<!-- Generated from ${source} by \`npm run generate\`: change it there. -->\n\n`;

function flagsPage(): string {
  const kinds = { text: 'text', boolean: 'boolean', number: 'number', duration: 'duration' } as const;
  const flags = optionFlags.map(
    ({ name, kind, default: preset, description }) =>
      `| \`--${name}\` | ${kinds[kind]} | ${preset === '' ? '-' : `\`${preset}\``} | ${cell(description)} |`,
  );
  const variables = environmentVariables.map(({ names, description }) => {
    return `| ${names.map((name) => `\`${name}\``).join(', ')} | ${cell(description)} |`;
  });
  return `${note('the tables in src/options/options.ts')}# Flags and environment variables

The process is started as \`node dist/main.js <flags>\`. Flags follow the conventions of Go: one or two dashes,
\`--flag=value\` or \`--flag value\`. A boolean takes its value only after \`=\`: \`--flag\`, \`--flag=true\`, \`--flag=F\`. Of two
equal flags the later one wins. A duration is written like \`250ms\`, \`2s\` or \`1m30s\`. An unknown flag or a bad value ends
the process with status 2 and the usage; \`-h\` prints the usage and ends with 0.

## Flags

| flag | kind | default | meaning |
| --- | --- | --- | --- |
${flags.join('\n')}

## Environment variables

An empty variable counts as not set.

| variable | meaning |
| --- | --- |
${variables.join('\n')}
`;
}

function errorsPage(): string {
  const sections = errorCodes.map((code) => {
    const { meaning, remedy } = errorTexts[code];
    return `## \`${code}\`\n\nStatus \`${grpc.status[statusOf[code]]}\`. ${meaning}\n\n**What to do:** ${remedy}\n`;
  });
  return `${note('src/errors.ts, src/server/status.ts and scripts/error-texts.ts')}# Errors

A mount that fails answers with a gRPC status and a message. Both reach the event of the pod (\`kubectl describe pod\`).
The message alone says which object, region or role it is about, what AWS said, and what to change. The codes below
stand in the field \`code\` of the mount's line in the provider's log, beside \`status\`, \`error\` and AWS's \`requestIds\`.

When several objects fail, the message names all of them in the order of the list; code and status are those of the
first. Every status is final for kubelet, which tries the mount again in any case. During rotation the driver hides
errors from the pod: its files stay as they are, and only the logs tell.

${sections.join('\n')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

await writeGenerated({ 'docs/flags.md': flagsPage(), 'docs/errors.md': errorsPage() }, 'npm run generate');
