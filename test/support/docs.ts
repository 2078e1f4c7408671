/** The pages of the documentation, and what can be found in them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

export const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

export function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name))
    .sort();
}

const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));

/** Every page that is for readers, relative to the root. */
export const pages: readonly string[] = [
  ...atRoot,
  ...filesIn('docs', '.md'),
  ...filesIn('examples', '.md'),
  ...filesIn('charts', '.md'),
];

export interface Found {
  readonly page: string;
  readonly text: string;
}

/** Everything that a pattern's first group finds in the pages. */
export function named(pattern: RegExp, from: readonly string[] = pages): readonly Found[] {
  return from.flatMap((page) => [...read(page).matchAll(pattern)].map(([, text = '']) => ({ page, text })));
}

/** The code blocks of a language, without the indentation of the list that they may stand in. */
export function codeBlocks(language: string, from: readonly string[] = pages): readonly Found[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\``, 'gms');
  return from.flatMap((page) =>
    [...read(page).matchAll(fence)].map(([, indent = '', text = '']) => ({
      page,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    })),
  );
}

/** Code within the lines of a page, outside of its code blocks. */
export function inlineCode(from: readonly string[] = pages): readonly Found[] {
  return from.flatMap((page) => {
    const prose = read(page).replaceAll(/^ *```.*?^ *```/gms, '');
    return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => ({ page, text }));
  });
}

/** Shell commands: the lines of all `sh` blocks, continued ones joined, and commands within the text. */
export function commands(from: readonly string[] = pages): readonly Found[] {
  const blocks = codeBlocks('sh', from).flatMap(({ page, text }) =>
    text
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => ({ page, text: line })),
  );
  const inline = inlineCode(from).filter(({ text }) => /^(helm|kubectl|npm|aws|eksctl|docker|--set\S*) /.test(text));
  return [...blocks, ...inline];
}

/** The anchors that GitHub gives a page's headings. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const prose = read(page).replaceAll(/^ *```.*?^ *```/gms, '');
  return new Set(
    [...prose.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
      const slug = heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}
