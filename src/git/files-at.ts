import type { Oid } from '../policies/facts.ts';
import type { GitRunner } from './runner.ts';

/** A file of a commit with its content. */
export interface FileAt {
  readonly path: string;
  /** `100644`, or `100755` for a program. */
  readonly mode: string;
  readonly oid: Oid;
}

const fileBytesMax = 64 * 1024 * 1024;

interface FilePlace {
  readonly runner: GitRunner;
  readonly gitDir: string;
}

/** Reads single files of commits. */
export interface FileReader {
  /** The files of a commit at these paths, those that are there. Throws for a path that is no plain file. */
  list(commit: Oid, paths: readonly string[]): Promise<FileAt[]>;
  content(file: FileAt): Promise<Buffer>;
}

/** Reads files of the commits of a repository. */
export const fileReader = ({ runner, gitDir }: FilePlace): FileReader => ({
  list: async (commit, paths) => {
    const args = ['ls-tree', '-z', '--full-tree', commit, '--', ...paths];
    const listed = await runner.must(args, { gitDir, env: { GIT_LITERAL_PATHSPECS: '1' } });
    return listed.toString('utf8').split('\0').filter(Boolean).map(fileOf);
  },
  content: ({ oid }) => runner.must(['cat-file', 'blob', oid], { gitDir, outputBytesMax: fileBytesMax }),
});

function fileOf(row: string): FileAt {
  const [head = '', path = ''] = row.split('\t');
  const [mode = '', , oid = ''] = head.split(' ');
  if (mode !== '100644' && mode !== '100755') throw new Error(`${path} is no plain file`);
  return { path, mode, oid };
}
