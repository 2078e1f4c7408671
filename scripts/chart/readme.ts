/** Writes the table of values in the chart's README from values.yaml and its comments. `--check` only compares. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { writeGenerated } from '../generated.js';
import { chartFolder } from './helm.js';

interface Row {
  readonly key: string;
  readonly preset: string;
  readonly comment: string;
}

/** Where the whole map is the value that people set, rather than one key of it. */
const whole =
  /^(secrets-store-csi-driver\.linux\.affinity|resources|updateStrategy|(startup|readiness|liveness)Probe)$/;

function rows(map: YAMLMap, prefix = ''): readonly Row[] {
  return map.items.flatMap((pair, index) => {
    if (!isScalar(pair.key)) return [];
    const key = prefix + String(pair.key.value);
    // The parser keeps the comment above the first key of a map with the map.
    const text = (index === 0 ? map.commentBefore : undefined) ?? pair.key.commentBefore ?? '';
    const comment = text.replaceAll(/\n */g, ' ').trim();
    if (!isMap(pair.value) || pair.value.items.length === 0 || whole.test(key)) {
      return [{ key, preset: show(pair.value), comment }];
    }
    const inner = rows(pair.value, `${key}.`);
    return comment === '' ? inner : [{ key, preset: '', comment }, ...inner];
  });
}

function show(value: unknown): string {
  const json = JSON.stringify(value ?? null);
  return json.length > 100 ? 'see values.yaml' : `\`${json.replaceAll('":', '": ').replaceAll(',"', ', "')}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

const values = parseDocument(readFileSync(path.join(chartFolder, 'values.yaml'), 'utf8'));
if (!isMap(values.contents)) throw new TypeError('values.yaml is no map');
const lines = rows(values.contents).map(
  ({ key, preset, comment }) => `| \`${key}\` | ${cell(preset)} | ${cell(comment)} |`,
);
const table = ['| value | default | meaning |', '| --- | --- | --- |', ...lines].join('\n');

const readme = readFileSync(path.join(chartFolder, 'README.md'), 'utf8');
const [begin, end] = ['<!-- values: from values.yaml by `npm run generate` -->', '<!-- end of values -->'];
const [before, rest] = readme.split(begin);
const after = rest?.split(end)[1];
if (before === undefined || after === undefined) throw new TypeError(`the chart's README has no ${begin} ... ${end}`);
await writeGenerated(
  { 'charts/secrets-store-csi-driver-provider-aws/README.md': `${before}${begin}\n\n${table}\n\n${end}${after}` },
  'npm run generate',
);
