import type { RoleSets } from './role-sets.ts';
import { version1 } from './version-1.ts';

// Frozen, as version 1 is. Makers may withdraw their changes; people and leads order the landing queue.
const makers = 'change:check,read,submit';
const withWithdrawal = (text: string): string => text.replace(makers, `${makers},withdraw`);
const ordering = (text: string): string => text.replace(' gate:read', ' queue:order gate:read');

const withdrawing = Object.fromEntries(
  Object.entries(version1).map(([role, { ops, dops }]) => [
    role,
    { ops: withWithdrawal(ops), dops: withWithdrawal(dops) },
  ]),
);

const { OWNER, OBSERVER, LEAD } = withdrawing as Record<'OWNER' | 'OBSERVER' | 'LEAD', RoleSets[string]>;

/** Actions of each role name in version 2. */
export const version2: RoleSets = {
  ...withdrawing,
  OWNER: { ops: ordering(OWNER.ops), dops: ordering(OWNER.dops) },
  OBSERVER: { ...OBSERVER, dops: ordering(OBSERVER.dops) },
  LEAD: { ...LEAD, ops: ordering(LEAD.ops) },
};
