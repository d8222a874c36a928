import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The pages below `docs`, each one noun. */
export const docsPages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .sort()
  .map((name) => `docs/${name}`);

/** A fenced block: its language mark, and its text. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

export const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, language = '', inner = '']) => ({
    language,
    text: inner,
  }));

/** The file that an example writes with `cat > PATH <<'EOF'`. */
export function fileIn(text: string, path: string): string {
  const name = path.replaceAll('.', '\\.');
  return new RegExp(`^cat > ${name} <<'EOF'\\n([\\s\\S]*?)^EOF$`, 'm').exec(text)?.[1] ?? '';
}

/** The text without fenced blocks and code spans, in which nothing is a link or a heading. */
export const proseOf = (text: string): string =>
  text
    .replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()#]/g, '·'));

/** The anchors that the headings of a page have on the usual hosts. */
export function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** Relative links of a page that lead nowhere, each with the reason. */
export function deadLinks(page: string): string[] {
  const links = [...proseOf(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
  return links.flatMap((to) => {
    if (/^[a-z]+:/.test(to)) return [];
    const fault = faultOf(page, to);
    return fault === undefined ? [] : [`${page}: ${to}: ${fault}`];
  });
}

function faultOf(page: string, to: string): string | undefined {
  const [path = '', anchor] = to.split('#', 2);
  const target = path === '' ? page : relative(root, resolve(root, dirname(page), path));
  if (target.startsWith('..') || !existsSync(join(root, target))) return 'no such file';
  if (anchor === undefined || anchorsOf(textOf(target)).has(anchor)) return undefined;
  return 'no such heading';
}
