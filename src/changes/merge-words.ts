import { shortId } from '../lib/ids.ts';
import { type Session, statement } from '../store/store.ts';
import type { ChangeRow } from '../tasks/rows.ts';

const gatesOf = statement(
  'merges.gates',
  `select gate, status from gate_runs where change = $1 and tree = $2 and status <> 'passed' order by gate`,
);

/** One line that tells what an open merge of main with the upstream waits for. */
export async function mergeWords(session: Session, change: ChangeRow): Promise<string> {
  const { id, tree, state, conflicts } = change;
  if (conflicts.length > 0)
    return `conflicts in ${conflicts.slice(0, 5).join(', ')}: merge both tips by hand, push to refs/heads/sync/${id}`;
  if (state === 'judging')
    return `its gates have passed; a person approves it: andon verdict approve ${shortId(id)}`;
  if (state !== 'gating') return 'about to land; a red stop, or an upstream that does not answer, holds it';
  const left = await session.rows<{ gate: string; status: string }>(gatesOf, [id, tree]);
  const failed = left.filter(({ status }) => status === 'failed').map(({ gate }) => gate);
  if (failed.length === 0) return `gates run, or wait for a slot: ${left.map(({ gate }) => gate).join(', ')}`;
  const mend = `mend it by a merge pushed to refs/heads/sync/${id}, or run them anew: andon sync --merge`;
  return `gates failed: ${failed.join(', ')}; ${mend}`;
}
