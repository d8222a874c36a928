import { defined } from '../lib/defined.ts';
import type { CommitFacts, PathChange } from '../policies/facts.ts';
import type { ObjectReader } from './objects/reader.ts';

/** One changed file of a tip with its content, for policies that read source. A renamed file has its new path. */
export interface ChangedFile {
  readonly path: string;
  /** The old path of a renamed file. */
  readonly from?: string;
  /** Content in the base tree; absent for an added file, and for one over the limit. */
  readonly before?: Buffer;
  /** Content at the tip; absent for a deleted file, and for one over the limit. */
  readonly after?: Buffer;
  /** Bytes of the larger version, when over the limit: the file was not read and must be refused or left alone. */
  readonly tooLarge?: number;
}

/** Selection of the files to read, and limits of the reading. */
export interface ChangedFilesOptions {
  /** True for paths worth reading, such as those with a known grammar. */
  wants(path: string): boolean;
  /**
   * True for a file worth keeping after the reading; the others are left out and count for nothing. Keeps all
   * when absent.
   */
  keeps?(path: string, content: Buffer): boolean;
  /** Old paths of renamed files by new ones; asked for only when files were both added and deleted. */
  renames?(): Promise<ReadonlyMap<string, string>>;
  readonly fileBytesMax: number;
  /** Bytes of all files together; files beyond the limit come as `tooLarge`. */
  readonly totalBytesMax: number;
}

const isFile = (mode: string | undefined): boolean =>
  mode !== undefined && (Number.parseInt(mode, 8) & 0o170000) === 0o100000;

/** The files that a commit adds, alters or deletes against its base tree, with bytes before and after. */
export async function changedFiles(
  facts: Pick<CommitFacts, 'changes'>,
  reader: ObjectReader,
  options: ChangedFilesOptions,
): Promise<ChangedFile[]> {
  const files: ChangedFile[] = [];
  let left = options.totalBytesMax;
  for (const change of await withRenames(facts.changes, options)) {
    const file = await readFile(change, reader, Math.min(options.fileBytesMax, left));
    if (!isKept(file, options)) continue;
    left -= bytesOf(file);
    files.push(file);
  }
  return files;
}

interface RenamedChange extends PathChange {
  readonly from?: string;
}

/** The wanted changes of files; an addition and a deletion that are a rename are one change. */
async function withRenames(
  changes: readonly PathChange[],
  { wants, renames }: ChangedFilesOptions,
): Promise<RenamedChange[]> {
  const wanted = changes.filter(
    ({ path, oldMode, newMode }) => (isFile(oldMode) || isFile(newMode)) && wants(path),
  );
  const gone = new Map(
    wanted.filter(({ newMode }) => newMode === undefined).map((change) => [change.path, change]),
  );
  const isRenamable = gone.size > 0 && wanted.some(({ oldMode }) => oldMode === undefined);
  const oldPaths = (isRenamable ? await renames?.() : undefined) ?? new Map<string, string>();
  const taken = new Set<string>();
  const renamed = wanted.map((change) => {
    const { oldMode, oldOid, path } = gone.get(oldPaths.get(change.path) ?? '') ?? {};
    if (path === undefined || oldMode === undefined || oldOid === undefined) return change;
    taken.add(path);
    return { ...change, from: path, oldMode, oldOid };
  });
  return renamed.filter(({ path, newMode }) => newMode !== undefined || !taken.has(path));
}

const bytesOf = ({ before, after }: ChangedFile): number => (before?.length ?? 0) + (after?.length ?? 0);

const isKept = ({ path, before, after }: ChangedFile, { keeps }: ChangedFilesOptions): boolean => {
  const content = after ?? before;
  return content === undefined || keeps === undefined || keeps(path, content);
};

async function readFile(change: RenamedChange, reader: ObjectReader, bytesMax: number): Promise<ChangedFile> {
  const { path, oldMode, oldOid, newMode, newOid } = change;
  const oids = [isFile(oldMode) ? oldOid : undefined, isFile(newMode) ? newOid : undefined];
  const sizes = await Promise.all(
    oids.map(async (oid) => (oid === undefined ? 0 : ((await reader.info(oid))?.bytes ?? 0))),
  );
  const larger = Math.max(...sizes);
  if (larger > bytesMax) return isFile(newMode) ? { path, tooLarge: larger } : { path };
  const [before, after] = await Promise.all(
    oids.map((oid) => (oid === undefined ? undefined : reader.read(oid, 'blob', bytesMax))),
  );
  return { path, ...defined({ from: change.from, before, after }) };
}
