import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statement } from '../../src/store/store.ts';
import { mustGit, write } from './gateway.ts';
import type { Hand, Line, Offered } from './line.ts';
import { rootCause } from './root-cause.ts';

/** Moves main past the gateway, as `andon sync` or a person may. */
export async function moveMainBeside(line: Line, files: Record<string, string>): Promise<string> {
  const folder = line.app.gateway.git.folderOf(line.project);
  const work = mkdtempSync(join(tmpdir(), 'andon-beside-'));
  try {
    await mustGit(work, ['clone', '-q', folder, 'w']);
    const clone = join(work, 'w');
    write(clone, files);
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'beside']);
    const commit = await mustGit(clone, ['rev-parse', 'HEAD']);
    await mustGit(folder, ['fetch', '-q', clone, 'HEAD']);
    await mustGit(folder, ['update-ref', 'refs/heads/main', commit]);
    return commit;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Pulls a red stop; calling the answer clears it. */
export async function pullRed({ owner, project }: Line): Promise<() => Promise<void>> {
  const { stop } = await owner.cord.pull.mutate({ project, colour: 'red', why: 'all at once' });
  return async () => {
    await owner.cord.clear.mutate({ project, stop, rootCause });
  };
}

/**
 * Offers one change for each task, lets their gates pass, and approves all of them under a red stop, so that they come
 * into the queue at one moment: that at which this answers. `meanwhile` runs under the stop, after the approvals.
 */
export async function approveTogether(
  line: Line,
  { builder, reviewer }: { builder: Hand; reviewer: Hand },
  work: readonly { readonly task: string; readonly files: Readonly<Record<string, string>> }[],
  meanwhile: (offered: readonly Offered[]) => Promise<void> = async () => {},
): Promise<Offered[]> {
  const { project } = line;
  const offered: Offered[] = [];
  for (const { task, files } of work) offered.push(await line.offer(builder, task, files));
  for (const { change } of offered) await line.until(change, 'judging');
  const clear = await pullRed(line);
  for (const { change, tree } of offered)
    await reviewer.client.verdict.approve.mutate({ project, change, tree });
  await meanwhile(offered);
  await clear();
  return offered;
}

/** A run of a gate that the queue asked for. */
export interface QueueRun {
  readonly id: string;
  readonly tree: string;
  readonly gate: string;
  readonly status: string;
  readonly changes: readonly string[];
}

const runs = statement(
  'test.queueRuns',
  `select id, tree, gate, status, changes from gate_runs where project = $1 and change is null order by created_at, rank`,
);

/** The runs of the queue so far, the earliest first. */
export const queueRuns = ({ app, project }: Line): Promise<QueueRun[]> =>
  app.gateway.store.rows<QueueRun>(runs, [project]);

interface LandedRow {
  readonly id: string;
  readonly change: string;
  readonly newMain: string;
  readonly position: number;
  readonly batch: number;
  readonly vouchedTree: string;
  readonly vouchedBy: readonly string[];
}

const landed = statement(
  'test.landed',
  `select id, change, new_main as "newMain", position, batch, vouched_tree as "vouchedTree", vouched_by as "vouchedBy"
   from landings where project = $1 and state = 'done' order by ended_at, position`,
);

/**
 * Faults of main against the rows of its landings; empty when they agree: every commit of main that Andon made has its
 * done row, in order, and names its runs and its place; the last tree of a swap is the tree that was vouched for; the
 * runs passed on it; no change landed twice; the repository is sound.
 */
export async function landingFaults(line: Line, since: string): Promise<string[]> {
  const { git, store } = line.app.gateway;
  const folder = git.folderOf(line.project);
  const main = await line.main();
  const log = await mustGit(folder, [
    'log',
    '--first-parent',
    '--reverse',
    '--format=%H',
    `${since}..${main}`,
  ]);
  const commits = log === '' ? [] : log.split('\n');
  const rows = await store.rows<LandedRow>(landed, [line.project]);
  const byCommit = new Map(rows.map((row) => [row.newMain, row]));
  const faults: string[] = [];
  const ofAndon: string[] = [];
  for (const commit of commits) {
    const body = await mustGit(folder, ['log', '-1', '--format=%B', commit]);
    if (!body.includes('Andon-Change: ')) continue;
    ofAndon.push(commit);
    const row = byCommit.get(commit);
    if (row === undefined) faults.push(`${commit} has no done row`);
    else faults.push(...(await rowFaults(line, row, body)));
  }
  const order = rows.map(({ newMain }) => newMain).filter((commit) => commits.includes(commit));
  if (order.join() !== ofAndon.join()) faults.push(`main is ${ofAndon.join()}, its rows are ${order.join()}`);
  if (new Set(rows.map(({ change }) => change)).size < rows.length) faults.push('a change landed twice');
  const fsck = await mustGit(folder, ['fsck', '--no-dangling', '--no-progress']);
  if (fsck !== '') faults.push(fsck);
  return faults;
}

async function rowFaults(line: Line, row: LandedRow, body: string): Promise<string[]> {
  const { git, store } = line.app.gateway;
  const faults: string[] = [];
  if (!body.includes(`Andon-Change: ${row.change}\n`)) faults.push(`${row.newMain} names another change`);
  for (const run of row.vouchedBy) {
    const words = `Andon-Vouched: by ${run} on ${row.vouchedTree.slice(0, 12)}, position ${row.position} of ${row.batch}`;
    if (!body.includes(words)) faults.push(`${row.newMain} does not say: ${words}`);
    const [ran] = await store.rows<QueueRun>(
      statement('', 'select tree, status from gate_runs where id = $1'),
      [run],
    );
    if (ran?.status !== 'passed' || ran.tree !== row.vouchedTree) faults.push(`${run} does not vouch`);
  }
  if (row.position === row.batch && (await git.treeOf(line.project, row.newMain)) !== row.vouchedTree)
    faults.push(`${row.newMain} has another tree than the one that was tested`);
  return faults;
}
