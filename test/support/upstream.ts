import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSync } from '../../src/changes/syncs.ts';
import { statement } from '../../src/store/store.ts';
import { mustGit, write } from './gateway.ts';
import type { Line } from './line.ts';
import { waitUntil } from './wait.ts';

/** An upstream beside a project, and a colleague who pushes to it. */
export interface Beside {
  readonly folder: string;
  /** The bare repository, and the colleague's clone of it. */
  readonly upstream: string;
  readonly colleague: string;
  /** The colleague commits files on what the upstream has, and pushes; answers the tip. */
  push(files: Readonly<Record<string, string>>, message?: string): Promise<string>;
  /** The colleague puts a commit in the place of the upstream's last one, by force. */
  rewrite(files: Readonly<Record<string, string>>): Promise<string>;
  /** The upstream's main. */
  tip(): Promise<string>;
  close(): void;
}

/** Makes an upstream from a bare repository: a clone of it, to which a colleague pushes. */
export async function besideOf(repository: string): Promise<Beside> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-beside-'));
  const upstream = join(folder, 'upstream.git');
  const colleague = join(folder, 'colleague');
  await mustGit(folder, ['clone', '-q', '--bare', repository, 'upstream.git']);
  await mustGit(folder, ['clone', '-q', upstream, 'colleague']);
  const pushOn = async (onto: string, files: Readonly<Record<string, string>>, message: string) => {
    await mustGit(colleague, ['fetch', '-q', 'origin', 'main']);
    await mustGit(colleague, ['reset', '-q', '--hard', onto]);
    write(colleague, files);
    await mustGit(colleague, ['add', '-A']);
    await mustGit(colleague, ['commit', '-q', '--allow-empty', '-m', message]);
    await mustGit(colleague, ['push', '-q', ...(onto === 'FETCH_HEAD' ? [] : ['-f']), 'origin', 'HEAD:main']);
    return mustGit(colleague, ['rev-parse', 'HEAD']);
  };
  return {
    ...{ folder, upstream, colleague },
    push: (files, message = 'work of a colleague') => pushOn('FETCH_HEAD', files, message),
    rewrite: (files) => pushOn('FETCH_HEAD~1', files, 'work said better'),
    tip: () => mustGit(upstream, ['rev-parse', 'main']),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface MoveRow {
  readonly id: string;
  readonly kind: 'landing' | 'forward' | 'merge';
  readonly from: string;
  readonly to: string;
  readonly offered: string;
  readonly vouchedBy: readonly string[];
  readonly vouchedTree: string | null;
  readonly position: number;
  readonly batch: number;
  readonly commits: number;
}

const moves = statement(
  'test.moves',
  `select l.id, 'landing' as kind, l.old_main as "from", l.new_main as "to", c.commit_id as offered, l.vouched_by as "vouchedBy",
     l.vouched_tree as "vouchedTree", l.position, l.batch, 0 as commits
   from landings l join changes c on c.id = l.change where l.project = $1 and l.state = 'done'
   union all
   select s.id, case when s.change is null then 'forward' else 'merge' end, s.old_main, s.new_main, coalesce(c.commit_id, ''), s.vouched_by,
     c.tree, 1, 1, s.commits
   from syncs s left join changes c on c.id = s.change where s.project = $1 and s.state = 'done'`,
);
const runOf = statement('test.vouchingRun', 'select tree, status from gate_runs where id = $1');

/** Waits until no sync is under way: a chore of the clock moves main in git before it writes that in its row. */
export const syncsEnded = ({ app, project }: Pick<Line, 'app' | 'project'>): Promise<void> =>
  waitUntil(async () => (await openSync(app.gateway.store, project)) === undefined);

/**
 * Faults of main against its rows; empty when each commit of it since `begin` has a landing with its vouching runs, or a sync.
 * `gates`: the number of command gates that every landing must have a run of.
 */
export async function mainFaults(
  line: Pick<Line, 'app' | 'project'>,
  begin: string,
  gates: number,
): Promise<string[]> {
  await syncsEnded(line);
  const { git, store } = line.app.gateway;
  const folder = git.folderOf(line.project);
  const rows = await store.rows<MoveRow>(moves, [line.project]);
  const byFrom = new Map(rows.map((row) => [row.from, row]));
  const main = await git.main(line.project);
  const faults: string[] = [];
  let at = begin;
  for (let steps = 0; at !== main && steps <= rows.length; steps++) {
    const row = byFrom.get(at);
    if (row === undefined) break;
    faults.push(...(await moveFaults(line, row, folder, gates)));
    at = row.to;
  }
  if (at !== main) faults.push(`no row leads on from ${at} to main ${main}`);
  const froms = new Set(rows.map(({ from }) => from));
  if (froms.size !== rows.length) faults.push('two rows moved one main');
  const fsck = await mustGit(folder, ['fsck', '--no-dangling', '--no-progress']);
  return fsck === '' ? faults : [...faults, fsck];
}

async function moveFaults(
  { app, project }: Pick<Line, 'app' | 'project'>,
  row: MoveRow,
  folder: string,
  gates: number,
): Promise<string[]> {
  const { git, store } = app.gateway;
  const said = `${row.kind} ${row.id}`;
  const parents = (await mustGit(folder, ['log', '-1', '--format=%P', row.to])).split(' ');
  if (row.kind === 'forward') {
    const count = await mustGit(folder, ['rev-list', '--count', `${row.from}..${row.to}`]);
    const isForward = await git.landed(project, row.to);
    return Number(count) === row.commits && isForward
      ? []
      : [`${said}: ${count} commits, its row says ${row.commits}`];
  }
  const faults =
    parents.join() === [row.from, row.offered].join()
      ? []
      : [`${said}: parents ${parents.join()} are others than its row's`];
  if (row.position === row.batch && (await git.treeOf(project, row.to)) !== row.vouchedTree)
    faults.push(`${said}: another tree than the one that was vouched for`);
  if (row.vouchedBy.length !== gates)
    faults.push(`${said}: ${row.vouchedBy.length} runs vouch, not ${gates}`);
  for (const id of row.vouchedBy) {
    const [run] = await store.rows<{ tree: string; status: string }>(runOf, [id]);
    if (run?.tree !== row.vouchedTree || run.status !== 'passed')
      faults.push(`${said}: ${id} does not vouch`);
  }
  return faults;
}
