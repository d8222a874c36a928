import { type SourceReason, sourceReason } from './altered.ts';
import type { Import } from './measure/unit.ts';

/** The files that each file of a change brings in, by path. */
export type ImportsByPath = ReadonlyMap<string, readonly Import[]>;

/** An import that may reach test code: that depends on which of its candidates is a file. */
export interface SuspectImport extends Import {
  readonly path: string;
  /** Files that the import may mean, in the order in which they are looked up. */
  readonly candidates: readonly string[];
}

const endings = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];
/** Sources that a compiled name stands for. */
const sources = new Map([
  ['.js', ['.ts', '.tsx']],
  ['.jsx', ['.tsx']],
  ['.mjs', ['.mts']],
  ['.cjs', ['.cts']],
]);

/** The imports of code outside of the tests that a change adds and that may reach test code. */
export function suspectImports(
  before: ImportsByPath,
  after: ImportsByPath,
  isTest: (path: string) => boolean,
): SuspectImport[] {
  return [...after].flatMap(([path, imports]) => {
    if (isTest(path)) return [];
    const known = new Set(before.get(path)?.map(({ from }) => from));
    return imports
      .filter(({ from }) => !known.has(from))
      .map((one) => ({ ...one, path, candidates: candidatesOf(path, one.from) }))
      .filter(({ candidates }) => candidates.some(isTest));
  });
}

/** A reason for every suspect whose file is test code. `files` holds the candidates that are files. */
export function testImportedPolicy(
  suspects: readonly SuspectImport[],
  files: ReadonlySet<string>,
  isTest: (path: string) => boolean,
): SourceReason[] {
  return suspects.flatMap(({ path, line, candidates }) => {
    const file = candidates.find((one) => files.has(one));
    return file !== undefined && isTest(file)
      ? [sourceReason('test.imported', { path, line }, { found: file })]
      : [];
  });
}

/** The files that `from`, a path beside `path`, may mean; none for one that leaves the repository. */
function candidatesOf(path: string, from: string): string[] {
  const whole = joined(path, from);
  if (whole === undefined) return [];
  const [, stem = whole, ending = ''] = /^(.*)(\.[cm]?jsx?)$/.exec(whole) ?? [];
  return [
    whole,
    ...(sources.get(ending) ?? []).map((other) => stem + other),
    ...endings.map((other) => whole + other),
    ...endings.map((other) => `${whole === '' ? '' : `${whole}/`}index${other}`),
  ].filter((one) => one !== '');
}

function joined(path: string, from: string): string | undefined {
  const segments = path.split('/').slice(0, -1);
  // A query or a fragment tells a bundler what to do with the file.
  for (const segment of from.replace(/[?#].*$/s, '').split('/')) {
    if (segment === '..') {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  return segments.join('/');
}
