/** Priorities of a task, the most urgent first. */
export const priorities = ['critical', 'high', 'normal', 'low'] as const;
/** Colours of a stop. */
export const stopColours = ['yellow', 'red'] as const;
/** Audits look at the plan and its deviation, at who is idle, at the whole tree against the limits, at the progress of a day. */
export const auditKinds = ['plan', 'idle', 'compliance', 'report'] as const;
/** Adapters: ways to start a run of a profile. */
export const adapterNames = ['command', 'claude', 'codex'] as const;
