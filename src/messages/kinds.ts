/** Reports that executives and validators write. */
export const reportKinds = ['decision', 'alert', 'report'] as const;
export type ReportKind = (typeof reportKinds)[number];
