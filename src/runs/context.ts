import type { ContextReport } from '../runner/context/context-report.ts';
import type { ContextSizes } from '../store/log/event-data/runs.ts';
import { jsonText } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import type { Outcome } from './outcome.ts';
import type { RunRow } from './rows.ts';

const putContext = statement(
  'runs.context',
  'update runs set context = $3::jsonb where project = $1 and id = $2',
);

/** Keeps the context of a run. */
export const writeContext = (
  tx: Tx,
  { project, id }: Pick<RunRow, 'project' | 'id'>,
  report: ContextReport,
): void => tx.later(putContext, [project, id, jsonText(report)]);

const sizes = statement(
  'runs.contextSizes',
  `select context - 'parts' - 'more' as context from runs where project = $1 and id = $2`,
);

/** The sizes of the context of a run, without its parts; null where they are not known. */
export async function readContextSizes(
  session: Session,
  { project, id }: Pick<RunRow, 'project' | 'id'>,
): Promise<ContextSizes | null> {
  const [row] = await session.rows<{ context: ContextSizes | null }>(sizes, [project, id]);
  return row?.context ?? null;
}

/** The context of one run at a task. */
export interface RunContext {
  readonly run: string;
  readonly profile: string;
  readonly epoch: number | null;
  readonly outcome: Outcome | null;
  readonly context: ContextReport;
  /** Paths that the pushes of its attempt changed, at most two hundred. */
  readonly files: readonly string[];
}

const ofTask = statement(
  'runs.contextOfTask',
  `select r.id as run, r.profile, r.epoch, r.outcome, r.context, coalesce(a.files, '{}') as files from runs r
   left join task_attempts a on a.project = r.project and a.task = r.task and a.epoch = r.epoch
   where r.project = $1 and r.task = $2 and r.context is not null order by r.requested_at desc limit $3`,
);

/** The contexts of the runs at a task, the latest first. A file that the pushed work changed was used, however it was edited. */
export async function contextsOf(
  session: Session,
  project: string,
  task: string,
  limit: number,
): Promise<Omit<RunContext, 'files'>[]> {
  const rows = await session.rows<RunContext>(ofTask, [project, task, limit]);
  return rows.map(({ files, context, ...row }) => ({ ...row, context: withPushed(context, new Set(files)) }));
}

function withPushed(report: ContextReport, pushed: ReadonlySet<string>): ContextReport {
  const isPushed = ({ kind, source }: ContextReport['parts'][number]): boolean =>
    kind === 'file' && pushed.has(source);
  const more = report.parts.filter((part) => part.used === null && isPushed(part));
  return {
    ...report,
    usedCharacters: more.reduce((sum, { characters }) => sum + characters, report.usedCharacters),
    parts: report.parts.map((part) => (isPushed(part) ? { ...part, used: 'edited' } : part)),
  };
}
