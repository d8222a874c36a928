import { andon, mustAndon, say } from './tools.ts';

interface JudgedChange {
  readonly id: string;
  readonly task: string;
  readonly tree: string;
}

/**
 * Reads every change that waits for a verdict, rejects unfinished work, approves the rest; answers the number
 * of verdicts.
 */
export async function judgeAll(): Promise<number> {
  const changes = await mustAndon<JudgedChange[]>(['change', 'list', '--state', 'judging']);
  for (const change of changes) await judge(change);
  return changes.length;
}

async function judge({ id, task, tree }: JudgedChange): Promise<void> {
  const { text } = await mustAndon<{ text: string }>(['change', 'diff', id]);
  const undone = text.split('\n').filter((line) => /^\+.*\bTODO\b/.test(line));
  const [first] = undone;
  if (first !== undefined) {
    const reason = `leaves work undone: ${first.slice(1).trim()}`;
    say(`${task}: rejected, it ${reason}`);
    await andon(['verdict', 'reject', id, '--tree', tree, '--reason', reason]);
    return;
  }
  say(`${task}: read ${text.split('\n').length} lines of its patch; approved`);
  // A change that moved meanwhile comes back with another tree, and is read again.
  await andon(['verdict', 'approve', id, '--tree', tree, '--note', 'read the patch']);
}
