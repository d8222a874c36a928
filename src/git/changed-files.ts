import type { CommitFacts, PathChange } from '../policies/facts.ts';
import type { ObjectReader } from './objects/reader.ts';

/** One changed file of a tip with its content, for policies that read source. */
export interface ChangedFile {
  readonly path: string;
  /** Content in the base tree; absent for an added file, and for one over the limit. */
  readonly before?: Buffer;
  /** Content at the tip; absent for a file over the limit. */
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
  readonly fileBytesMax: number;
  /** Bytes of all files together; files beyond the limit come as `tooLarge`. */
  readonly totalBytesMax: number;
}

const isFile = (mode: string | undefined): boolean =>
  mode !== undefined && (Number.parseInt(mode, 8) & 0o170000) === 0o100000;

/** The files that a commit adds or alters against its base tree, with bytes before and after. Deletions are left out. */
export async function changedFiles(
  facts: CommitFacts,
  reader: ObjectReader,
  options: ChangedFilesOptions,
): Promise<ChangedFile[]> {
  const files: ChangedFile[] = [];
  let left = options.totalBytesMax;
  for (const change of facts.changes) {
    if (!isFile(change.newMode) || !options.wants(change.path)) continue;
    const file = await readFile(change, reader, Math.min(options.fileBytesMax, left));
    if (!isKept(file, options)) continue;
    left -= bytesOf(file);
    files.push(file);
  }
  return files;
}

const bytesOf = ({ before, after }: ChangedFile): number => (before?.length ?? 0) + (after?.length ?? 0);

const isKept = ({ path, after }: ChangedFile, { keeps }: ChangedFilesOptions): boolean =>
  after === undefined || keeps === undefined || keeps(path, after);

async function readFile(change: PathChange, reader: ObjectReader, bytesMax: number): Promise<ChangedFile> {
  const { path, oldMode, oldOid, newOid } = change;
  const oids = [isFile(oldMode) ? oldOid : undefined, newOid];
  const sizes = await Promise.all(
    oids.map(async (oid) => (oid === undefined ? 0 : ((await reader.info(oid))?.bytes ?? 0))),
  );
  const larger = Math.max(...sizes);
  if (larger > bytesMax) return { path, tooLarge: larger };
  const [before, after] = await Promise.all(
    oids.map((oid) => (oid === undefined ? undefined : reader.read(oid, 'blob', bytesMax))),
  );
  return { path, ...(before && { before }), ...(after && { after }) };
}
