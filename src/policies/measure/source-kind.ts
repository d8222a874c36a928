/** How a file is parsed: its extension, with every form of declaration file as `d.ts`. */
export type SourceKind = 'ts' | 'tsx' | 'mts' | 'cts' | 'js' | 'jsx' | 'mjs' | 'cjs' | 'd.ts';

const extension = /\.([cm]?[jt]s|[jt]sx)$/;
const declaration = /\.d\.(?:[^./]+\.)?[cm]?ts$/;
const scriptLine = /^#![^\n]*\b(node|bun|deno|tsx|ts-node)\b/;

/**
 * How to parse the file at `path`, or undefined when it is no TypeScript or JavaScript. `head` is the beginning of its
 * text: a file without an extension is a script when its first line starts Node, Bun, Deno, tsx or ts-node.
 *
 * Everything else is left alone: JSON, YAML, Markdown, HTML and CSS; Vue, Svelte and Astro components, whose scripts
 * are therefore not counted; other languages; binaries.
 */
export function sourceKind(path: string, head = ''): SourceKind | undefined {
  // Runtimes on case-insensitive disks load `a.TS` as `a.ts`.
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (declaration.test(name)) return 'd.ts';
  const found = extension.exec(name)?.[1];
  if (found !== undefined) return found as SourceKind;
  if (name.includes('.')) return undefined;
  return scriptKind(head);
}

/** True when only the content tells whether the file is a script. */
export const needsHead = (path: string): boolean => !path.slice(path.lastIndexOf('/') + 1).includes('.');

function scriptKind(head: string): SourceKind | undefined {
  const runtime = scriptLine.exec(head)?.[1];
  if (runtime === undefined) return undefined;
  return runtime === 'node' ? 'js' : 'ts';
}
