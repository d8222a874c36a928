import type { RoleSets } from './role-sets.ts';
import { version3 } from './version-3.ts';

// Frozen, as version 1 is. Everybody who works is briefed in full; executives and people alone write decisions and
// alerts, and implementers too describe the solutions of errors.
const judging = 'briefing:extend';
const making = 'briefing:extend solution:write';
const leading = 'briefing:extend decision:write alert:write solution:write';
const watching = 'briefing:extend alert:write';

const gained: Readonly<Record<string, readonly [ops: string, dops: string]>> = {
  OWNER: [leading, leading],
  OBSERVER: ['', leading],
  LEAD: [leading, making],
  MONITOR: [watching, making],
  IMPLEMENTER: [making, ''],
  DEBUGGER: [making, ''],
  TESTER: [making, ''],
  WRITER: [making, ''],
  VALIDATOR: [judging, ''],
  CODE_REVIEWER: [judging, ''],
  GATEKEEPER: [judging, ''],
  AUDITOR: [judging, ''],
};

const withMore = (text: string, more: string): string =>
  more === '' ? text : text.replace(' trigger:', ` ${more} trigger:`);

/** Actions of each role name in version 4. */
export const version4: RoleSets = Object.fromEntries(
  Object.entries(version3).map(([role, { ops, dops }]) => {
    const [exercised = '', delegated = ''] = gained[role] ?? [];
    return [role, { ops: withMore(ops, exercised), dops: withMore(dops, delegated) }];
  }),
);
