/** Draws a volume as a tree: name, mode, size, version and the value, or dots in its place. */
import { escapeControls } from '../errors.js';
import type { Secret } from '../secret.js';
import type { Style } from './terminal.js';
import type { VolumeFile } from './volume.js';

export interface TreeOptions {
  readonly style: Style;
  readonly showValues: boolean;
}

/** Stands for any value, whatever its length. */
export const hiddenValue = '••••••••';

/** Longest piece of a value that is shown, in characters. */
const shownCharacters = 200;

interface Row {
  readonly label: string;
  readonly file?: VolumeFile;
}

/** Lines without indentation; `files` in order of their paths. */
export function drawTree(files: readonly VolumeFile[], { style, showValues }: TreeOptions): readonly string[] {
  const rows = rowsOf(files.map((file) => ({ elements: file.path.split('/'), file })));
  const width = Math.max(...rows.map(({ label }) => label.length));
  const sizes = rows.map(({ file }) => (file ? formatBytes(file.bytes) : ''));
  const sizeWidth = Math.max(...sizes.map((size) => size.length));
  const versions = rows.map(({ file }) => (file ? formatVersion(file.version) : ''));
  const versionWidth = Math.max(...versions.map((version) => version.length));
  return rows.map(({ label, file }, index) => {
    if (!file) return style.dim(label);
    const value = showValues ? style.green(formatValue(file.value)) : style.dim(hiddenValue);
    return [
      style.cyan(label.padEnd(width)),
      style.yellow(formatMode(file.mode)),
      (sizes[index] ?? '').padStart(sizeWidth),
      style.dim((versions[index] ?? '').padEnd(versionWidth)),
      value,
    ].join('  ');
  });
}

interface Entry {
  readonly elements: readonly string[];
  readonly file: VolumeFile;
}

function rowsOf(entries: readonly Entry[], prefix = ''): readonly Row[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = entry.elements[0] ?? '';
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return [...groups].flatMap(([name, group], index) => {
    const isLast = index === groups.size - 1;
    const label = `${prefix}${isLast ? '└── ' : '├── '}${escapeControls(name)}`;
    const [only] = group;
    if (only?.elements.length === 1) return [{ label, file: only.file }];
    const inside = group.map(({ elements, file }) => ({ elements: elements.slice(1), file }));
    return [{ label: `${label}/` }, ...rowsOf(inside, `${prefix}${isLast ? '    ' : '│   '}`)];
  });
}

/** Four octal digits, as `filePermission` has them. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

export function formatBytes(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1024)} KiB`;
}

/** The version ids of secrets are UUIDs: their first part tells them apart. */
export function formatVersion(version: string): string {
  const short = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(version) ? `${version.slice(0, 8)}…` : version;
  return `version ${escapeControls(short)}`;
}

/** On one line and cut; what is no text is shown as base64. */
export function formatValue(value: Secret | undefined): string {
  if (value === undefined) return '(its mode lets you not read it)';
  const text = value.revealText();
  const isText = Buffer.from(text, 'utf8').equals(value.reveal());
  const shown = isText ? text.replaceAll('\n', '\\n') : `base64 ${value.reveal().toString('base64')}`;
  return escapeControls(shown.length > shownCharacters ? `${shown.slice(0, shownCharacters)}…` : shown);
}
