import { shortId } from '../lib/ids.ts';
import { newId } from '../process/new-id.ts';
import { columnsOf } from '../store/columns.ts';
import { type EventDraft, event, gatewayEvent } from '../store/log/events.ts';
import { type Session, type Store, statement, type Tx } from '../store/store.ts';
import { errorIn } from './error-text.ts';
import { recordWords } from './record-words.ts';
import { solutions } from './schema.ts';

/** A solution as its readers see it. */
export type SolutionRow = Readonly<Omit<typeof solutions.$inferSelect, 'project'>>;

/** A gate that ended for an attempt. */
export interface EndedGateOf {
  readonly project: string;
  readonly task: string;
  readonly epoch: number;
  readonly gate: string;
  /** The commit that was offered, and its author. */
  readonly commit: string;
  readonly author: string;
}

const columns = columnsOf(solutions, ['project']);
const columnsOfS = columnsOf(solutions, ['project'], 's');

const see = statement(
  'errors.see',
  `insert into gate_errors (project, task, epoch, gate, commit_id, error, masked, fingerprint) values ($1, $2, $3, $4, $5, $6, $7, $8)
   on conflict (project, task, epoch, gate) do update set commit_id = excluded.commit_id, error = excluded.error, masked = excluded.masked,
     fingerprint = excluded.fingerprint, at = andon_now()`,
);
const settle = statement(
  'solutions.settle',
  `with done as (update solution_uses set worked = $5 where project = $1 and task = $2 and gate = $3 and epoch < $4 and worked is null returning solution)
   update solutions set tried = tried + 1, worked = worked + $5::boolean::int where id in (select solution from done)`,
);
const use = statement(
  'solutions.use',
  `insert into solution_uses (solution, project, task, epoch, gate) select s, $2, $3, $4, $5 from unnest($1::text[]) as given(s)
   on conflict do nothing`,
);
// The best record first; one that failed twice and never worked is told no more.
const exact = statement(
  'solutions.exact',
  `select ${columns} from solutions where project = $1 and fingerprint = $2 and (worked > 0 or tried < 2)
   order by worked desc, at desc limit $3`,
);

const toldMax = 2;

/**
 * Keeps the error of a gate that failed, and answers lines that tell of known solutions: only those of the very same
 * error. Solutions that this attempt was told of before have not worked.
 */
export async function noteFailure(tx: Tx, of: EndedGateOf, output: string): Promise<string[]> {
  const { project, task, epoch, gate } = of;
  tx.later(settle, [project, task, gate, epoch, false]);
  const error = errorIn(output);
  if (error === undefined) return [];
  tx.later(see, [project, task, epoch, gate, of.commit, error.text, error.masked, error.fingerprint]);
  const known = await tx.rows<SolutionRow>(exact, [project, error.fingerprint, toldMax]);
  if (known.length === 0) return [];
  tx.later(use, [known.map(({ id }) => id), project, task, epoch, gate]);
  return known.map(suggestion);
}

/** A line that tells of a solution and its record. */
const suggestion = ({ id, task, tried, worked }: SolutionRow): string =>
  `known error, solved in ${task}, ${recordWords({ tried, worked })}: andon solution show ${shortId(id)}`;

const unsolved = statement(
  'errors.pass',
  `with passed as (update gate_errors set passed_epoch = $4 where project = $1 and task = $2 and gate = $3 and epoch < $4 and passed_epoch is null
     returning epoch, commit_id, error, masked, fingerprint)
   select distinct on (p.fingerprint) p.commit_id as commit, p.error, p.masked, p.fingerprint,
     exists (select from solution_uses u where u.project = $1 and u.task = $2 and u.gate = $3 and u.epoch = p.epoch) as told
   from passed p order by p.fingerprint, p.epoch desc`,
);

interface Unsolved {
  readonly commit: string;
  readonly error: string;
  readonly masked: string;
  readonly fingerprint: string;
  /** True when the next attempt was told of a solution. */
  readonly told: boolean;
}

const put = statement(
  'solutions.put',
  `insert into solutions (id, project, fingerprint, masked, error, gate, task, failed_commit, fixed_commit, fixed_by)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);

/**
 * Learns from a gate that passed: the errors that earlier attempts at the task met there are solved by the work since.
 * A solution that the attempt was told of gets a better record in the place of a second one.
 */
export async function noteSuccess(tx: Tx, of: EndedGateOf): Promise<EventDraft[]> {
  const { project, task, epoch, gate, commit, author } = of;
  const rows = await tx.rows<Unsolved>(unsolved, [project, task, gate, epoch]);
  if (rows.length === 0) return [];
  tx.later(settle, [project, task, gate, epoch, true]);
  return rows
    .filter(({ told, commit: failed }) => !told && failed !== commit)
    .map(({ commit: failed, error, masked, fingerprint }) => {
      const id = newId('solution');
      tx.later(put, [id, project, fingerprint, masked, error, gate, task, failed, commit, author]);
      return gatewayEvent(project, event('solution.learned', `solution/${id}`, { task, gate, fingerprint }));
    });
}

const one = statement(
  'solutions.one',
  `select ${columnsOfS}, t.write as scope from solutions s left join tasks t on t.project = s.project and t.id = s.task
   where s.project = $1 and s.id = $2`,
);
const latest = statement(
  'solutions.latest',
  `select ${columns} from solutions where project = $1 order by at desc, id desc limit $2`,
);
const told = statement(
  'solutions.told',
  `select ${columnsOfS} from solution_uses u join solutions s on s.id = u.solution
   where u.project = $1 and u.task = $2 and u.worked is null order by s.worked desc limit 3`,
);

/** A solution, and the write scope of its task: null when the plan has no such task any more. */
type ScopedSolution = SolutionRow & { readonly scope: readonly string[] | null };

/** A solution by its whole id. */
export async function readSolution(
  session: Session,
  project: string,
  id: string,
): Promise<ScopedSolution | undefined> {
  const [row] = await session.rows<ScopedSolution>(one, [project, id]);
  return row;
}

/** The latest solutions. */
export const listSolutions = (session: Session, project: string, limit: number): Promise<SolutionRow[]> =>
  session.rows<SolutionRow>(latest, [project, limit]);

/** The solutions that the next attempt at a task was told of. */
export const solutionsTold = (session: Session, project: string, task: string): Promise<SolutionRow[]> =>
  session.rows<SolutionRow>(told, [project, task]);

/** A solution that a search has found. */
export interface FoundSolution extends SolutionRow {
  /** 1 for the very same error, less for one in similar words. */
  readonly similarity: number;
}

const threshold = statement('', `select set_config('pg_trgm.similarity_threshold', '0.5', true)`);
const similar = statement(
  'solutions.similar',
  `with near as materialized (select id, masked from solutions where project = $1 and masked % $2 and fingerprint <> $3 limit 2000),
   best as (select id, similarity(masked, $2)::float8 as similarity from near order by similarity desc limit $4)
   select ${columnsOfS}, b.similarity from best b join solutions s on s.id = b.id order by b.similarity desc, s.worked desc`,
);

/** Solutions of an error, those of the very same error first, then those of errors in similar words. Errors are compared without what differs each time. */
export async function searchSolutions(
  store: Store,
  project: string,
  { error, limit }: { readonly error: string; readonly limit: number },
): Promise<FoundSolution[]> {
  const seen = errorIn(error);
  if (seen === undefined) return [];
  const same = await store.rows<SolutionRow>(exact, [project, seen.fingerprint, limit]);
  const found = same.map((row) => ({ ...row, similarity: 1 }));
  if (found.length >= limit) return found;
  const others = await store.transaction(async (tx) => {
    await tx.rows(threshold);
    const asked = [project, seen.masked, seen.fingerprint, limit - found.length];
    return tx.rows<FoundSolution>(similar, asked);
  });
  return [...found, ...others];
}

const describe = statement(
  'solutions.describe',
  'update solutions set cause = $3, fix = $4, described_by = $5 where project = $1 and id = $2',
);

/** Keeps the root cause and the fix of a solution in words. */
export const describeSolution = (
  tx: Tx,
  project: string,
  {
    id,
    cause,
    fix,
    by,
  }: { readonly id: string; readonly cause: string; readonly fix: string; readonly by: string },
): void => tx.later(describe, [project, id, cause, fix, by]);
