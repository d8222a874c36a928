import { type Attempt, readAttempts } from '../example.ts';
import { push } from './push.ts';
import { andon, main, mustAndon, say } from './tools.ts';

/** The implementer: claims, writes, pushes, mends what is refused, submits. */

interface BuilderClaim {
  readonly task: { readonly id: string; readonly epoch: number } | null;
  readonly branch: string | null;
}

const clone = process.cwd();
const { line: recipes, tooEarly } = readAttempts();

async function carryOut({ task, branch }: BuilderClaim): Promise<void> {
  if (task === null || branch === null) return;
  say(`claimed ${task.id}, epoch ${task.epoch}`);
  for (const [at, attempt] of attemptsAt(task.id, task.epoch).entries()) {
    // A refused push moved nothing, so each attempt begins on main again.
    if (await push(attempt, `${branch}${at === 0 ? '' : `-${at + 1}`}`)) break;
  }
  await mustAndon(['change', 'submit', '--task', task.id, '--epoch', String(task.epoch)], clone);
  say(`submitted ${task.id}`);
}

function attemptsAt(task: string, epoch: number): readonly Attempt[] {
  const recipe = recipes[task];
  if (recipe === undefined) throw new Error(`no recipe for ${task}`);
  return epoch === 1 ? recipe.first : (recipe.again ?? recipe.first);
}

main(async () => {
  await push(tooEarly, 'task/receipt/1/work');
  for (;;) {
    const { exit, data } = await andon<BuilderClaim>(['task', 'claim', '--wait', '--until-done']);
    // Exit code 8: every task is done.
    if (exit === 8) break;
    if (exit !== 0) throw new Error(`claim: exit ${exit}: ${JSON.stringify(data)}`);
    await carryOut(data);
  }
  say('nothing is left to do');
  return 'every task was handed over';
});
