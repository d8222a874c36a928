/** Priorities of a task, the most urgent first. */
export const priorities = ['critical', 'high', 'normal', 'low'] as const;
/** The kind of a task whose plan names none. */
export const usualKind = 'task';
/** Colours of a stop. */
export const stopColours = ['yellow', 'red'] as const;
/**
 * Kinds of audits: the plan and its deviation, idle agents, the whole tree against the limits, the progress
 * of a day.
 */
export const auditKinds = ['plan', 'idle', 'compliance', 'report'] as const;
/** Adapters: ways to start a run of a profile. */
export const adapterNames = ['command', 'claude', 'codex'] as const;
