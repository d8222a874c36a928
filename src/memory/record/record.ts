import type { AttemptOutcome } from '../../messages/task-words.ts';
import { type Estimate, estimateOf } from './interval.ts';
import { type Share, shareOf } from './posterior.ts';

/** An attempt at a task that has ended, with the task up to it. */
export interface AttemptCase {
  readonly task: string;
  readonly kind: string;
  /** The profile of its claimant, empty for a grant without one; null where it is not known. */
  readonly profile: string | null;
  readonly outcome: AttemptOutcome;
  readonly endedAt: Date;
  /** The number of attempts at the task up to it. */
  readonly tries: number;
  /** The time of the first claim of the task; null where it is not known. */
  readonly begunAt: Date | null;
  /** The time that the plan expects. */
  readonly expectedMinutes: number | null;
  /** The usage of all runs of the task up to it; null where one of its attempts does not tell. */
  readonly usd: number | null;
  readonly tokens: number | null;
  /** Paths that it changed; none where it has pushed nothing. */
  readonly files: readonly string[];
  readonly hasAcceptance: boolean;
  readonly hasDescription: boolean;
  readonly hasNeeds: boolean;
  /** True for an attempt that was told of a solution. */
  readonly wasTold: boolean;
}

const doneOutcomes: ReadonlySet<AttemptOutcome> = new Set(['landed', 'approved', 'artefact']);
/** True for an attempt that finished its task. */
export const isDone = ({ outcome }: Pick<AttemptCase, 'outcome'>): boolean => doneOutcomes.has(outcome);

/** Lengths of the periods that a record is told by. */
export const periods = ['all', 'day', 'week', 'month'] as const;
/** Length of a period. */
export type Period = (typeof periods)[number];

/** The record of a profile with tasks of a kind in a period. */
export interface RecordRow {
  readonly kind: string;
  readonly profile: string | null;
  /** The first day of the period; null for all times. */
  readonly from: string | null;
  /** Attempts that ended. */
  readonly attempts: number;
  /** The share of first attempts that finished their task. */
  readonly firstPass: Share;
  /** Attempts that finished tasks took, the last one included. */
  readonly tries: Estimate;
  /** Minutes from the first claim of a task to its end. */
  readonly minutes: Estimate;
  readonly usd: Estimate;
  readonly tokens: Estimate;
}

const dayMs = 86_400_000;

/** The first day of the period that a moment falls into, in UTC; weeks begin on Monday. */
function periodOf(at: Date, every: Period): string | null {
  if (every === 'all') return null;
  const day = at.toISOString().slice(0, 10);
  if (every === 'day') return day;
  if (every === 'month') return `${day.slice(0, 7)}-01`;
  const sinceMonday = (at.getUTCDay() + 6) % 7;
  return new Date(at.getTime() - sinceMonday * dayMs).toISOString().slice(0, 10);
}

/** Minutes from the first claim of a task to its end; null where the claim is not known. */
const minutesOf = ({ begunAt, endedAt }: AttemptCase): number | null =>
  begunAt === null ? null : Math.max(0, (endedAt.getTime() - begunAt.getTime()) / 60_000);

/**
 * Records by kind, profile and period, in the order of their names. No agent is named, and nothing is ordered by how well
 * it went: who works under a profile changes from run to run.
 */
export function recordOf(cases: readonly AttemptCase[], every: Period): RecordRow[] {
  const groups = new Map<string, AttemptCase[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.kind, one.profile, periodOf(one.endedAt, every)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, group]) => rowOf(key, group));
}

function rowOf(key: string, cases: readonly AttemptCase[]): RecordRow {
  const [kind, profile, from] = JSON.parse(key) as [string, string | null, string | null];
  const done = cases.filter(isDone);
  const first = cases.filter(({ tries }) => tries === 1);
  const known = (value: (one: AttemptCase) => number | null): Estimate =>
    estimateOf(done.flatMap((one) => value(one) ?? []));
  return {
    kind,
    profile,
    from,
    attempts: cases.length,
    firstPass: shareOf({ n: first.length, passed: first.filter(isDone).length }),
    tries: known(({ tries }) => tries),
    minutes: known(minutesOf),
    usd: known(({ usd }) => usd),
    tokens: known(({ tokens }) => tokens),
  };
}

/** The time that a task of a kind takes, from the time of others of its kind. */
export interface TaskEstimate extends Estimate {
  /** `expected`: from how long tasks took beside what the plan expected of them; `kind`: from how long they took. */
  readonly basis: 'expected' | 'kind';
}

/**
 * Minutes from claim to end of a task, by the finished ones of its kind. With a time that the plan expects of it, and
 * of enough others, the estimate is that time refined by how those went.
 */
export function taskEstimate(expectedMinutes: number | null, cases: readonly AttemptCase[]): TaskEstimate {
  const done = cases.filter(isDone);
  if (expectedMinutes !== null) {
    const ratios = done.flatMap((one) => ratioOf(one) ?? []);
    const { n, low, middle, high } = estimateOf(ratios);
    const times = (ratio: number | null) => (ratio === null ? null : ratio * expectedMinutes);
    if (high !== null)
      return { basis: 'expected', n, low: times(low), middle: times(middle), high: times(high) };
  }
  return { basis: 'kind', ...estimateOf(done.flatMap((one) => minutesOf(one) ?? [])) };
}

function ratioOf(one: AttemptCase): number | null {
  const minutes = minutesOf(one);
  return minutes === null || one.expectedMinutes === null ? null : minutes / one.expectedMinutes;
}
