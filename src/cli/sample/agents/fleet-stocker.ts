import { articleOf } from '../fleet/article.ts';
import { push } from './push.ts';
import { andon, main, mustAndon, type SampleTask, say } from './tools.ts';

/**
 * One implementer of twelve: takes whatever is ready, adds an article to the catalogue, and hands it over, until
 * nothing is left.
 */

interface FleetClaim {
  readonly task: {
    readonly id: string;
    readonly epoch: number;
    readonly attempts: readonly Attempted[];
  } | null;
  readonly branch: string | null;
}

interface Attempted {
  readonly outcome: string | null;
  readonly reasons: readonly string[];
}

async function sell({ task, branch }: FleetClaim): Promise<void> {
  if (task === null || branch === null) return;
  const { id, epoch, attempts } = task;
  const refused = attempts.find(({ outcome }) => outcome === 'gate_failed');
  if (refused !== undefined) say(`${id} came back: ${refused.reasons.at(-1)?.trim() ?? ''}`);
  const attempt = {
    say: `sell ${id}`,
    files: { [`catalogue/${id}.json`]: articleOf(id, refused !== undefined) },
  };
  if (!(await push(attempt, branch))) throw new Error(`${id} was not taken`);
  await mustAndon(['change', 'submit', '--task', id, '--epoch', String(epoch)]);
  say(`submitted ${id}`);
}

const isOver = (tasks: readonly SampleTask[]): boolean => tasks.every(({ state }) => state === 'done');

main(async () => {
  let sold = 0;
  while (!isOver(await mustAndon<SampleTask[]>(['task', 'list']))) {
    const { exit, data } = await andon<FleetClaim>(['task', 'claim', '--wait', '--timeout', '5s']);
    if (exit === 0) {
      await sell(data);
      sold++;
      continue;
    }
    // Exit code 3: no task came free in that time; the others are still at work.
    if (exit !== 3) throw new Error(`claim: exit ${exit}: ${JSON.stringify(data)}`);
  }
  return `${sold} articles handed over`;
});
