import { PoolWatch } from '../../src/gateway/triggers/pools.ts';
import { TriggerService } from '../../src/gateway/triggers/service.ts';
import { waitingSlots } from '../../src/triggers/fire-rows.ts';
import type { TestGateway } from './gateway.ts';

/** Lets a gateway look at its pools now, whatever it saw before, and fire what it found. */
export async function lookAtPools({ app }: TestGateway): Promise<void> {
  const { store, triggers } = app.gateway;
  await new PoolWatch().look(store, (error) => {
    throw error;
  });
  if (!(triggers instanceof TriggerService)) throw new Error('no service of triggers');
  do await triggers.tick();
  while ((await waitingSlots(store, false, 1)).length > 0);
}

/** The runs of a profile, the first one first. */
export async function runsOf({ owner }: TestGateway, project: string, profile: string) {
  const { runs } = await owner.run.list.query({ project, limit: 1000 });
  return runs.filter((run) => run.profile === profile).reverse();
}

/** The largest number of runs that were requested or under way at one time. */
export function mostAtOnce(
  runs: readonly { readonly requestedAt: Date | string; readonly endedAt: Date | string | null }[],
): number {
  const moves = runs.flatMap(({ requestedAt, endedAt }) => [
    { at: Date.parse(String(requestedAt)), by: 1 },
    { at: endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(String(endedAt)), by: -1 },
  ]);
  let now = 0;
  let most = 0;
  for (const { by } of moves.sort((one, other) => one.at - other.at || one.by - other.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
