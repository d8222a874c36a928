/** Kind of a report in the table. Decisions have a table of their own; earlier versions kept them among the reports. */
export type ReportKind = 'decision' | 'alert' | 'report';
