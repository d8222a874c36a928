/** Reports that executives and validators write. */
export const reportKinds = ['decision', 'alert', 'report'] as const;
/** Kind of a report. */
export type ReportKind = (typeof reportKinds)[number];
