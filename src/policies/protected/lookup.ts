import { compileGlobs, type PathMatcher } from '../../lib/glob-match.ts';
import { steeredTools } from './table.ts';

/** One row of the inverted table: a file, and the tools that read it. */
interface FileRow {
  /** `makefile`, `*.mk`, `.github/**`, `vendor/modules.txt`. */
  readonly file: string;
  readonly tools: readonly string[];
  readonly matches: PathMatcher;
}

const toolsByFile = new Map<string, string[]>();
for (const { name, files } of steeredTools)
  for (const file of files) toolsByFile.set(file, [...(toolsByFile.get(file) ?? []), name]);

const named = new Map<string, FileRow>();
const folders = new Map<string, FileRow>();
const shaped: FileRow[] = [];
for (const [file, tools] of toolsByFile) {
  const entry: FileRow = { file, tools, matches: compileGlobs([`**/${file}`]) };
  if (/^[^*?/]+\/\*\*$/.test(file)) folders.set(file.slice(0, -'/**'.length), entry);
  else if (/[*?/]/.test(file)) shaped.push(entry);
  else named.set(file, entry);
}

// One test for all shapes at once: nearly every path matches none of them.
const anyName = anyOf(shaped.filter(({ file }) => !file.includes('/')));
const anyPath = anyOf(shaped.filter(({ file }) => file.includes('/')));

function anyOf(entries: readonly FileRow[]): RegExp {
  const patterns = entries.map(({ file }) =>
    file
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('**', '.+')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]'),
  );
  return new RegExp(`^(?:.*/)?(?:${patterns.join('|')})$`, 's');
}

// A text for people steers no tool, unless the table names it whole, as CLAUDE.md, or names texts of a folder.
const prose = /\.(?:md|mdx|markdown|rst|adoc)$/;
const proseInFolders = shaped.filter(({ file }) => file.includes('/') && prose.test(file));
const ascii = /^[\u0020-\u007e]*$/;

/**
 * The form under which a path is looked up: disks that ignore case and Unicode form open one file by all of
 * these spellings.
 */
export const folded = (path: string): string =>
  ascii.test(path) ? path.toLowerCase() : path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');

/** A file of the table that matches a path, and the tools that read the file. */
export interface Steering {
  /** The glob of the table, from the root: `**\/makefile`. */
  readonly glob: string;
  readonly tools: readonly string[];
}

/** Every entry of the table that `path` matches; none for a path that steers nothing. */
export function steeringOf(path: string): Steering[] {
  const text = folded(path);
  const segments = text.split('/');
  const name = segments.at(-1) ?? '';
  const found = [named.get(name), ...segments.slice(0, -1).map((folder) => folders.get(folder))];
  const isProse = prose.test(name);
  if (isProse ? anyPath.test(text) : anyName.test(name) || anyPath.test(text))
    found.push(...(isProse ? proseInFolders : shaped).filter(({ matches }) => matches(text)));
  return found.flatMap((entry) =>
    entry === undefined ? [] : [{ glob: `**/${entry.file}`, tools: entry.tools }],
  );
}

const toolNames: ReadonlySet<string> = new Set(steeredTools.map(({ name }) => name));

/** True when `word` is the name of a tool of the table. */
export const isTool = (word: string): boolean => toolNames.has(word);
