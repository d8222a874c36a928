import type { Plan } from '../../plan/plan.ts';
import type { Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { Entered } from '../admission/enter.ts';
import type { TokenService } from '../auth/token-service.ts';

/** Reads the state that the end of a run is judged with, in the transaction that writes the end. */
export async function endContext(
  tx: Tx,
  { issuer }: Pick<TokenService, 'issuer'>,
  project: string,
  entered: Pick<Entered, 'now' | 'epoch' | 'planHash'>,
): Promise<EndContext> {
  const plan = await planAt(tx, project, entered.planHash);
  return { issuer, plan, now: entered.now, epoch: entered.epoch ?? 1 };
}

/** State of the project at the end of a run. */
export interface EndContext {
  readonly issuer: string;
  readonly plan: Plan | undefined;
  readonly now: Date;
  readonly epoch: number;
}
