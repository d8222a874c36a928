import type { GitRunner } from './runner.ts';

/** Asks git about one repository; a command that finds nothing answers with nothing. */
type Ask = (args: readonly string[]) => Promise<{ readonly stdout: Buffer }>;

const namesMax = 5;
const charsMax = 400;

/** Words of what Andon does not serve of a commit: submodules and files of Git LFS lie elsewhere. */
export async function leftOutWords(ask: Ask, commit: string): Promise<string[]> {
  const [listed, lfs] = await Promise.all([
    ask(['ls-tree', '-r', '-z', commit]),
    ask(['grep', '-l', 'filter=lfs', commit, '--', '*.gitattributes']),
  ]);
  return [...submoduleWords(listed.stdout), ...(lfs.stdout.length > 0 ? [lfsWords] : [])];
}

/** The same of a bare repository. */
export const leftOutOf = (runner: GitRunner, gitDir: string, commit: string): Promise<string[]> =>
  leftOutWords((args) => runner.run(args, { gitDir, outputBytesMax }), commit);

const outputBytesMax = 256 * 1024 * 1024;

const lfsWords =
  'files of Git LFS stay pointers in gates; clone with GIT_LFS_SKIP_SMUDGE=1, for Andon serves no LFS';

function submoduleWords(listed: Buffer): string[] {
  const rows = listed.toString('utf8').split('\0');
  const paths = rows.flatMap((row) => (row.startsWith('160000 ') ? [row.slice(row.indexOf('\t') + 1)] : []));
  if (paths.length === 0) return [];
  const names = listWords(paths);
  return [`submodules are not served: ${names} lie empty in clones of agents and in gates`];
}

function listWords(paths: readonly string[]): string {
  const names = paths.slice(0, namesMax).join(', ').slice(0, charsMax);
  return paths.length > namesMax ? `${names}, …` : names;
}
