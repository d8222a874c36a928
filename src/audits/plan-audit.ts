import { spanWords } from '../lib/durations.ts';
import type { TaskState } from '../tasks/states.ts';
import type { AuditFinding } from './kinds.ts';
import type { Tally, Violation } from './tally.ts';

/** Share of the plan above which a deviation alerts. */
const deviationMax = 0.15;
/** Number of refused calls of one agent since the last audit that makes a burst. */
const burstMin = 10;

/** A task as the audit of the plan reads it. */
export interface AuditedTask {
  readonly id: string;
  readonly state: TaskState;
  readonly phase: string;
  readonly phaseOver: boolean;
  readonly expectedMinutes: number | null;
  readonly deadline: Date | null;
  /** Time at which the task entered its state. */
  readonly stateAt: Date;
  /** Number of times the task was taken up. */
  readonly epoch: number;
  readonly holder: string | null;
  readonly openQuestions: number;
}

/** A function over the limits, with its place. */
export interface CodeViolation {
  readonly code: string;
  readonly path: string;
  readonly line: number;
  readonly found: string;
}

/** The facts that an audit of the plan judges. */
export interface PlanAuditFacts {
  readonly tasks: readonly AuditedTask[];
  readonly tally: Tally;
  /** Refusals since the last audit, by their reasons. */
  readonly recent: readonly Violation[];
  /** Refused calls since the last audit, by agent: one call may have many reasons. */
  readonly calls: readonly RefusedCalls[];
  /** Functions over the limits that reached main since the last audit. */
  readonly code: readonly CodeViolation[];
  readonly now: Date;
}

/** The number of refused calls of one agent. */
export interface RefusedCalls {
  readonly actor: string;
  readonly count: number;
}

/** A thing that deviates from the plan: a task, an agent without a task, a commit; and the kind that it counts under. */
export interface Deviating {
  readonly what: string;
  readonly kind: 'out of scope' | 'skipped' | 'unplanned';
}

/** Deviation of the work from the plan, in numbers of tasks. */
export interface Deviation {
  readonly planned: number;
  readonly outOfScope: number;
  readonly skipped: number;
  readonly unplanned: number;
  /** (out of scope + skipped + unplanned) / planned. */
  readonly share: number;
  /** Everything that is counted, each once. */
  readonly list: readonly Deviating[];
}

/** A risk that the plan ends late. */
export interface Risk {
  readonly task: string;
  readonly kind: 'overdue' | 'deadline' | 'slow' | 'bounced' | 'waiting';
  readonly detail: string;
  /** For sorting: higher is worse. */
  readonly weight: number;
}

/**
 * The deviation of the work from the plan. A task counts as skipped when it was given up, or when its phase
 * went on without it. A task that deviates in several ways counts once, under the first of them.
 */
export function deviationOf({ tasks, tally }: Pick<PlanAuditFacts, 'tasks' | 'tally'>): Deviation {
  const found = new Map<string, Deviating['kind']>();
  const add = (kind: Deviating['kind'], names: readonly string[]): void => {
    for (const what of names) if (!found.has(what)) found.set(what, kind);
  };
  add('out of scope', tally.outOfScope);
  add(
    'skipped',
    tasks.filter(isSkipped).map(({ id }) => id),
  );
  add('unplanned', tally.unplanned);
  const list = [...found].map(([what, kind]) => ({ what, kind }));
  const count = (kind: Deviating['kind']): number => list.filter((one) => one.kind === kind).length;
  const planned = tasks.length;
  return {
    planned,
    outOfScope: count('out of scope'),
    skipped: count('skipped'),
    unplanned: count('unplanned'),
    share: planned === 0 ? 0 : list.length / planned,
    list,
  };
}

const isSkipped = ({ state, phaseOver }: AuditedTask): boolean =>
  state === 'abandoned' || (phaseOver && state !== 'done');

/**
 * Risks that the plan ends late, the worst first: schedule against estimate, deadlines, work that comes back,
 * people who wait.
 */
export function risksOf(tasks: readonly AuditedTask[], now: Date): Risk[] {
  return tasks
    .filter(({ state }) => state !== 'done' && state !== 'abandoned')
    .flatMap((task) => [...byDeadline(task, now), ...byPace(task, now), ...byHistory(task)])
    .sort((one, other) => other.weight - one.weight);
}

const minuteMs = 60_000;

function byDeadline({ id, deadline, expectedMinutes }: AuditedTask, now: Date): Risk[] {
  if (deadline === null) return [];
  const leftMinutes = (deadline.getTime() - now.getTime()) / minuteMs;
  if (leftMinutes < 0)
    return [{ task: id, kind: 'overdue', detail: `${minutes(-leftMinutes)} past its deadline`, weight: 100 }];
  if (leftMinutes >= (expectedMinutes ?? 24 * 60)) return [];
  return [
    {
      task: id,
      kind: 'deadline',
      detail: `${minutes(leftMinutes)} left, ${minutes(expectedMinutes ?? 24 * 60)} expected`,
      weight: 80,
    },
  ];
}

function byPace({ id, state, stateAt, expectedMinutes }: AuditedTask, now: Date): Risk[] {
  if (state !== 'in_progress' || expectedMinutes === null) return [];
  const forMinutes = (now.getTime() - stateAt.getTime()) / minuteMs;
  if (forMinutes <= expectedMinutes * 1.5) return [];
  return [
    {
      task: id,
      kind: 'slow',
      detail: `in progress for ${minutes(forMinutes)}, ${minutes(expectedMinutes)} expected`,
      weight: 50,
    },
  ];
}

function byHistory({ id, epoch, openQuestions }: AuditedTask): Risk[] {
  const bounced: Risk[] =
    epoch < 3 ? [] : [{ task: id, kind: 'bounced', detail: `taken up ${epoch} times`, weight: 40 + epoch }];
  return openQuestions === 0
    ? bounced
    : [...bounced, { task: id, kind: 'waiting', detail: `${openQuestions} open questions`, weight: 30 }];
}

const minutes = (amount: number): string => spanWords(amount * minuteMs);

/** Bursts of refused calls of one agent since the last audit. */
export const burstsOf = (calls: readonly RefusedCalls[]): RefusedCalls[] =>
  calls.filter(({ count }) => count >= burstMin);

/** The hourly audit of a plan. Any function over the limits on main alerts: they have no tolerance. */
export function planAudit(facts: PlanAuditFacts): AuditFinding {
  const deviation = deviationOf(facts);
  const risks = risksOf(facts.tasks, facts.now);
  const bursts = burstsOf(facts.calls);
  const alerts = alertsOf(deviation, facts.code, bursts);
  const result = {
    deviation: { ...deviation, list: deviation.list.slice(0, 100) },
    risks: risks.slice(0, 100),
    bursts,
    violations: facts.recent.slice(0, 100),
    code: facts.code.slice(0, 100),
    alerts,
  };
  const title =
    alerts.length === 0
      ? `plan audit: deviation ${percent(deviation.share)}, ${risks.length} risks`
      : `plan audit: ${alerts.join('; ')}`;
  const isOver = deviation.share > deviationMax;
  return {
    alert: alerts.length > 0,
    title,
    body: bodyOf(deviation, risks, facts),
    result,
    isNew: facts.code.length > 0 || bursts.length > 0,
    facts: isOver ? deviation.list : [],
  };
}

function alertsOf(
  deviation: Deviation,
  code: readonly CodeViolation[],
  bursts: readonly RefusedCalls[],
): string[] {
  return [
    ...(deviation.share > deviationMax
      ? [`deviation ${percent(deviation.share)}, limit ${percent(deviationMax)}`]
      : []),
    ...(code.length > 0 ? [`${code.length} functions over the limits came to main`] : []),
    ...bursts.map(({ actor, count }) => `${count} refused calls of ${actor}`),
  ];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function bodyOf(
  { planned, outOfScope, skipped, unplanned, share, list }: Deviation,
  risks: readonly Risk[],
  { recent, code }: PlanAuditFacts,
): string {
  return [
    `Deviation: (${outOfScope} out of scope + ${skipped} skipped + ${unplanned} unplanned) / ${planned} planned = ${percent(share)}.`,
    ...section(
      'Deviates from the plan',
      list.slice(0, 20).map(({ what, kind }) => `${what}: ${kind}`),
    ),
    ...section(
      'Risks',
      risks.slice(0, 20).map(({ task, kind, detail }) => `${task}: ${kind}, ${detail}`),
    ),
    ...section(
      'Functions over the limits that came to main',
      code.slice(0, 20).map(({ code: rule, path, line, found }) => `${path}:${line} ${rule} ${found}`),
    ),
    ...section(
      'Refused since the last audit',
      recent
        .slice(0, 20)
        .map(
          ({ actor, action, code: rule, subject, count }) =>
            `${actor} ${action}: ${rule} ${subject}, ${count} times`,
        ),
    ),
  ].join('\n');
}

/** A section of Markdown with a heading; empty without rows. */
export const section = (title: string, rows: readonly string[]): string[] =>
  rows.length === 0 ? [] : ['', `## ${title}`, '', ...rows.map((row) => `- ${row}`)];
