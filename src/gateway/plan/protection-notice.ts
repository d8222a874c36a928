import { sendMessage } from '../../messages/messages.ts';
import { protectedWrites } from '../../plan/protected-writes.ts';
import { type Store, statement } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { readPlan, withdrawCopies } from '../../tasks/plan-apply.ts';

const untold = statement(
  'protection.untold',
  `select name from projects where not protection_told and name <> '*' order by name`,
);
const markTold = statement(
  'protection.told',
  'update projects set protection_told = true where name = $1 and not protection_told returning name',
);

const writesMax = 20;

/**
 * Tells the people of each project of an earlier version, once, that the program itself protects files which
 * steer tools, and takes the old copies of the plan's list out of its tasks.
 */
export async function tellProtection(store: Store, systemTransaction: SystemTransaction): Promise<void> {
  for (const { name } of await store.rows<{ name: string }>(untold)) await tellOne(name, systemTransaction);
}

async function tellOne(project: string, systemTransaction: SystemTransaction): Promise<void> {
  await systemTransaction(project, async (tx) => {
    // Another gateway that starts beside this one may have been first.
    const mine = await tx.rows(markTold, [project]);
    const plan = mine.length === 0 ? undefined : await readPlan(tx, project);
    if (plan === undefined) return { result: undefined, events: [] };
    await withdrawCopies(tx, project, plan);
    await sendMessage(tx, {
      project,
      recipient: 'tier:human',
      kind: 'note',
      subject: `plan/${project}`,
      title: 'files that steer tools are protected by Andon itself now',
      body: bodyOf(protectedWrites(plan)),
    });
    return { result: undefined, events: [] };
  });
}

function bodyOf(writes: ReturnType<typeof protectedWrites>): string {
  const lines = writes
    .slice(0, writesMax)
    .map(({ task, path, reader }) => `task ${task} names ${path}, read by ${reader}`);
  const left = writes.length > writesMax ? [`and ${writes.length - writesMax} more`] : [];
  return [
    'Settings of build tools, package managers, test runners, linters, CI, containers, editors and agents stay closed to every task, in every folder and spelling.',
    '`protect` of the plan adds to them and need not name them any more; `unprotect` of a task opens a tool (npm), a path or a glob. No plan has to be applied for that.',
    ...(lines.length === 0 ? [] : ['', 'Write scopes that name such files:', ...lines, ...left]),
    '',
    'andon plan check names those of a plan.',
  ].join('\n');
}
