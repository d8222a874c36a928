import type { RoleSets } from './role-sets.ts';
import { version2 } from './version-2.ts';

// Frozen, as the earlier ones are. People delegate the carrying out of gates to runners; people and leads repeat gates.
const people = (text: string): string => text.replace(' gate:read,pass', ' gate:read,pass,take,report,rerun');
const leads = (text: string): string => text.replace(' gate:read ', ' gate:read,rerun ');

const { OWNER, OBSERVER, LEAD } = version2 as Record<'OWNER' | 'OBSERVER' | 'LEAD', RoleSets[string]>;

/** Actions of each role name in version 3. */
export const version3: RoleSets = {
  ...version2,
  OWNER: { ops: OWNER.ops.replace(' gate:read,pass', ' gate:read,pass,rerun'), dops: people(OWNER.dops) },
  OBSERVER: { ...OBSERVER, dops: people(OBSERVER.dops) },
  LEAD: { ...LEAD, ops: leads(LEAD.ops) },
  GATE_RUNNER: {
    ops:
      'project:read repo:fetch gate:read,take,report token:renew grant:explain event:read cord:pull ' +
      'run:take,report',
    dops: '',
  },
};
