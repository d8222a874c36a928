/** The way to parse a file: its extension, with every form of declaration file as `d.ts`. */
export type SourceKind = 'ts' | 'tsx' | 'mts' | 'cts' | 'js' | 'jsx' | 'mjs' | 'cjs' | 'd.ts';

const extension = /\.([cm]?[jt]s|[jt]sx)$/;
const declaration = /\.d\.(?:[^./]+\.)?[cm]?ts$/;
// Formats of data and text, whose files no runtime takes for a program.
const data = /\.(?:json[5cl]?|ndjson|geojson|webmanifest|map|ya?ml|md|markdown|mdx|lock|lockb|lockfile)$/;
const scriptLine = /^#![^\n]*\b(node|bun|deno|tsx|ts-node)\b/;

/**
 * The way to parse the file at `path`, or undefined when its name does not tell. `head` is the beginning of
 * its text: a file of another name is a script when its first line starts Node, Bun, Deno, tsx or ts-node.
 */
export function sourceKind(path: string, head = ''): SourceKind | undefined {
  // Runtimes on case-insensitive disks load `a.TS` as `a.ts`.
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (declaration.test(name)) return 'd.ts';
  const found = extension.exec(name)?.[1];
  if (found !== undefined) return found as SourceKind;
  return data.test(name) ? undefined : scriptKind(head);
}

/**
 * True when the file at `path` may hold a program, by its name or, for names that do not tell, by its
 * content. JSON, YAML, Markdown and lock files are left alone.
 */
export const mayHoldSource = (path: string): boolean =>
  sourceKind(path) !== undefined || !data.test(path.toLowerCase());

const hasWords = (text: string): boolean =>
  text.includes('=>') || text.includes('function') || (text.includes(')') && text.includes('{'));
// From the first of these on, a program may hold any character: a string, a comment, a pattern, a `#!` line.
const quote = /['"`/#<-]/;
const control = /[\u0000-\u0008\u000e-\u001f\u007f]/;
const headChars = 128;

/**
 * False when `text` cannot be a program that declares a function: no keyword for one occurs in it, or it
 * begins as binary files do. Cheap, and never false for a program.
 */
export function mayBeProgram(text: string): boolean {
  const [plain = ''] = text.slice(0, headChars).split(quote, 1);
  return !control.test(plain) && hasWords(text);
}

function scriptKind(head: string): SourceKind | undefined {
  const runtime = scriptLine.exec(head)?.[1];
  if (runtime === undefined) return undefined;
  return runtime === 'node' ? 'js' : 'ts';
}
