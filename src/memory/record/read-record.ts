import { type Session, statement } from '../../store/store.ts';
import type { PatternFacts } from './patterns.ts';
import type { AttemptCase } from './record.ts';

/** The attempts that a record is asked for: of all kinds and profiles, at all times, where nothing is named. */
export interface RecordQuestion {
  readonly kind?: string | undefined;
  readonly profile?: string | undefined;
  readonly since?: Date | undefined;
  readonly limit: number;
}

// A run that reports no usage has 0: it is not known what it used. Work that was given to somebody else ended by that.
const used = (member: string): string =>
  `(select nullif(sum((r.usage->>'${member}')::float8), 0) from runs r
    where r.project = b.project and r.task = b.task and r.epoch = b.epoch and r.tier = 'implementer')`;
const cases = statement(
  'record.cases',
  `with chosen as (
     select a.*, t.kind, t.expected_minutes, t.acceptance <> '{}' as accepted, t.description <> '' as described
     from task_attempts a join tasks t on t.project = a.project and t.id = a.task
     where a.project = $1 and a.outcome is not null and a.outcome <> 'stolen' and ($2::text is null or t.kind = $2)
       and ($3::text is null or a.profile = $3) and ($4::timestamptz is null or a.at >= $4)
     order by a.at desc limit $5)
   select c.task, c.kind, c.profile, c.outcome, c.at as "endedAt", h.tries, h.begun as "begunAt", c.expected_minutes as "expectedMinutes",
     h.usd / 1e6 as usd, h.tokens, c.files, c.accepted as "hasAcceptance", c.described as "hasDescription",
     exists (select from task_needs n where n.project = c.project and n.task = c.task) as "hasNeeds",
     exists (select from solution_uses u where u.project = c.project and u.task = c.task and u.epoch < c.epoch) as "wasTold"
   from chosen c cross join lateral (
     select count(*) filter (where b.outcome <> 'stolen')::int as tries, (array_agg(b.claimed_at order by b.epoch))[1] as begun,
       case when count(*) = count(s.usd) then sum(s.usd) end as usd, case when count(*) = count(s.tokens) then sum(s.tokens) end as tokens
     from task_attempts b cross join lateral (select ${used('usdMicro')} as usd, ${used('tokens')} as tokens) s
     where b.project = c.project and b.task = c.task and b.epoch <= c.epoch) h
   order by c.at desc, c.task`,
);

/** Attempts that have ended, the latest first. */
export const readCases = (session: Session, project: string, of: RecordQuestion): Promise<AttemptCase[]> =>
  session.rows<AttemptCase>(cases, [
    project,
    of.kind ?? null,
    of.profile ?? null,
    of.since?.toISOString() ?? null,
    of.limit,
  ]);

/** A task as its estimate and its patterns see it. */
export interface RecordedTask extends PatternFacts {
  readonly kind: string;
  readonly expectedMinutes: number | null;
}

const one = statement(
  'record.task',
  `select t.kind, t.expected_minutes as "expectedMinutes", t.acceptance <> '{}' as "hasAcceptance", t.description <> '' as "hasDescription",
     exists (select from task_needs n where n.project = t.project and n.task = t.id) as "hasNeeds", '{}'::text[] as files, null as profile,
     (select count(*)::int + 1 from task_attempts a where a.project = t.project and a.task = t.id and a.outcome <> 'stolen') as tries,
     exists (select from solution_uses u where u.project = t.project and u.task = t.id) as "wasTold"
   from tasks t where t.project = $1 and t.id = $2`,
);

/** The facts of a task; undefined for one that the project does not have. */
export async function readRecordedTask(
  session: Session,
  project: string,
  task: string,
): Promise<RecordedTask | undefined> {
  const [row] = await session.rows<RecordedTask>(one, [project, task]);
  return row;
}
