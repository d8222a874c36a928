import { jsonText } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Budget } from '../../tiers/capability.ts';
import { noBudget } from '../../tiers/profile.ts';
import { lockGrant, plus } from './minting.ts';

const write = statement('grants.spend', 'update grants set left_budget = $2::jsonb where gid = $1');

/**
 * Takes spending from a grant's budget; a member never falls below 0. Returns the members that are used up.
 * The budget was reserved from the parent, so spending counts against every grant above.
 */
export async function spendBudget(tx: Tx, grantId: string, spent: Partial<Budget>): Promise<string[]> {
  const row = await lockGrant(tx, grantId);
  if (row === undefined) return [];
  const left: Record<string, number> = { ...row.leftBudget };
  const over: string[] = [];
  for (const [member, amount] of Object.entries(plus(noBudget, { ...noBudget, ...spent }))) {
    const rest = (left[member] ?? 0) - amount;
    if (amount > 0 && rest <= 0) over.push(member);
    left[member] = Math.max(0, rest);
  }
  if (Object.values(spent).some((amount) => amount > 0)) await tx.rows(write, [grantId, jsonText(left)]);
  return over;
}
