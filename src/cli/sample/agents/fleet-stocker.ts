import { articleOf } from '../fleet/article.ts';
import { push } from './push.ts';
import { andon, main, mustAndon, say } from './tools.ts';

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

main(async () => {
  let sold = 0;
  for (;;) {
    const { exit, data } = await andon<FleetClaim>(['task', 'claim', '--wait', '--until-done']);
    // Exit code 8: every task is done.
    if (exit === 8) break;
    if (exit !== 0) throw new Error(`claim: exit ${exit}: ${JSON.stringify(data)}`);
    await sell(data);
    sold++;
  }
  return `${sold} articles handed over`;
});
