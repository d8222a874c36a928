import { charactersWithin, tokensAbout } from './tokens.ts';

/** About the number of tokens of the patch in an answer. */
const patchTokensMax = 6400;
const leftOutMax = 40;

/** The answer of `change.diff`, as far as its tool reads it. */
export interface DiffAnswer {
  readonly change: string;
  readonly tree: string;
  readonly files: readonly { readonly path: string; readonly status: string }[];
  readonly text: string;
  /** The tree that the caller was shown before, when it was another. */
  readonly before?: string | undefined;
}

interface Section {
  readonly path: string;
  readonly text: string;
}

/** The path of a section: its first line names it twice, in quotes where it holds some. */
function pathOf(section: string): string {
  const [line = ''] = section.split('\n', 1);
  const names = line.slice('diff --git '.length);
  const one = names.slice(0, (names.length - 1) / 2);
  return one
    .replace(/^"?a\//, '')
    .replace(/"$/, '')
    .replaceAll('\\"', '"');
}

/** A patch in parts, one for each file. No line of a file begins like this: each has a sign before it. */
const sectionsOf = (patch: string): Section[] =>
  patch
    .split(/^(?=diff --git )/m)
    .filter((text) => text !== '')
    .map((text) => ({ path: pathOf(text), text }));

const linesIn = (text: string): number => text.split('\n').length - 1;

/**
 * A diff within bounds: the files that fit, in the order of the patch, then paths and sizes of what is left out and how
 * to ask for it. A file that is too long for one answer is shown from a line (`offset`) on.
 */
export function boundedDiff(
  { change, tree, files, text, before }: DiffAnswer,
  { path, offset }: { readonly path: string | undefined; readonly offset: number },
): Record<string, unknown> {
  const moved =
    before === undefined
      ? {}
      : { moved: 'the candidate has changed since your last look: read all of it again' };
  if (path !== undefined && files.length === 0)
    return {
      change,
      tree,
      ...moved,
      text: '',
      next: `nothing in this change at ${path}, within what you may read`,
    };
  return { change, tree, ...moved, ...shownOf(sectionsOf(text), files, offset) };
}

function shownOf(
  sections: readonly Section[],
  files: DiffAnswer['files'],
  offset: number,
): Record<string, unknown> {
  const { shown, left } = fitting(sections);
  const [first] = sections;
  // One file, or none that fits whole: the first is shown line by line.
  if (first !== undefined && (sections.length === 1 || shown.length === 0))
    return { ...leftWords(files, [first]), ...part(first, offset) };
  return { text: shown.map((one) => one.text).join(''), ...leftWords(files, shown, left) };
}

/** The sections that fit into one answer. */
function fitting(sections: readonly Section[]): { shown: Section[]; left: Section[] } {
  const shown: Section[] = [];
  const left: Section[] = [];
  let tokens = 0;
  for (const section of sections) {
    const more = tokensAbout(JSON.stringify(section.text));
    if (tokens + more > patchTokensMax) left.push(section);
    else {
      shown.push(section);
      tokens += more;
    }
  }
  return { shown, left };
}

/** One file from a line on, and the words that show the next lines. */
function part({ path, text }: Section, offset: number): Record<string, unknown> {
  const lines = text.split(/^/m);
  let tokens = 0;
  let end = offset;
  while (end < lines.length) {
    tokens += tokensAbout(JSON.stringify(lines[end]));
    if (tokens > patchTokensMax && end > offset) break;
    end++;
  }
  const shown = clipped(lines.slice(offset, end).join(''));
  if (end >= lines.length) return { text: shown };
  const next = `${lines.length - end} more lines of ${path}: change_diff with path ${path} and offset ${end}`;
  return { text: shown, next };
}

/** A single line may be longer than an answer. */
function clipped(text: string): string {
  const at = charactersWithin(text, patchTokensMax);
  return at === text.length
    ? text
    : `${text.slice(0, at)} [${text.length - at} more characters of this line]\n`;
}

function leftWords(
  files: DiffAnswer['files'],
  shown: readonly Section[],
  left: readonly Section[] = [],
): Record<string, unknown> {
  const seen = new Set(shown.map(({ path }) => path));
  const sizes = new Map(left.map(({ path, text }) => [path, linesIn(text)]));
  const rest = files.filter(({ path }) => !seen.has(path));
  if (rest.length === 0) return {};
  const listed = rest.slice(0, leftOutMax).map(({ path, status }) => {
    const lines = sizes.get(path);
    return `${path} (${status}${lines === undefined ? '' : `, ${lines} lines of patch`})`;
  });
  const more = rest.length - listed.length;
  return {
    leftOut: more === 0 ? listed : [...listed, `… and ${more} more`],
    next: `${rest.length} of ${files.length} files are left out: change_diff with path shows one of them, or those below a folder`,
  };
}
