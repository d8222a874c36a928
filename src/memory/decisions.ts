import { type Reason, reason } from '../lib/decision.ts';
import { shortId } from '../lib/ids.ts';
import { columnsOf } from '../store/columns.ts';
import { jsonText } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { countTerms, type TextsOfDecision, termsOfDecision } from './decision-terms.ts';
import { placesOf, touches } from './paths.ts';
import { decisions } from './schema.ts';
import { termsOf } from './terms.ts';

const leftOut = ['project', 'source', 'roots', 'above', 'terms', 'questionTerms'] as const;

/** A decision as its readers see it. */
export type DecisionRow = Readonly<Omit<typeof decisions.$inferSelect, (typeof leftOut)[number]>>;

/** A decision before it is kept. */
export interface DecisionDraft extends TextsOfDecision {
  readonly id: string;
  readonly project: string;
  readonly confidence: number | null;
  readonly madeBy: string;
  readonly supersedes: string | null;
}

const columns = columnsOf(decisions, leftOut);

const put = statement(
  'decisions.put',
  `insert into decisions (id, project, number, question, decision, rationale, rejected, confidence, made_by, affects, supersedes,
     roots, above, terms, question_terms, file, source)
   values ($1, $2, (select case when $15 > 0 and not exists (select from decisions where project = $2 and number = $15) then $15
       else coalesce(max(number), 0) + 1 end from decisions where project = $2),
     $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $16, $17)
   returning number`,
);
const supersede = statement(
  'decisions.supersede',
  'update decisions set superseded_by = $3 where project = $1 and id = $2',
);
const numbering = statement(
  'decisions.numbering',
  'select pg_advisory_xact_lock(hashtextextended($1, 7104))',
);
const one = statement('decisions.one', `select ${columns} from decisions where project = $1 and id = $2`);

/** The file that a decision comes from, the number in its name, and its text. */
export interface DecisionSource {
  readonly file: string;
  readonly number: number;
  readonly source: string;
}

/**
 * Keeps a decision, and marks the one that it supersedes; answers its number: that of its file if it is free, else the
 * next one.
 */
export async function putDecision(tx: Tx, draft: DecisionDraft, from?: DecisionSource): Promise<number> {
  const { id, project, supersedes } = draft;
  const terms = termsOfDecision(draft);
  // Numbers have no doubles: their givers go one at a time.
  await tx.rows(numbering, [project]);
  const [row] = await tx.rows<{ number: number }>(put, [...valuesOf(draft, terms), ...sourceValues(from)]);
  await countTerms(tx, project, terms);
  if (supersedes !== null) tx.later(supersede, [project, supersedes, id]);
  return row?.number ?? 0;
}

function valuesOf(draft: DecisionDraft, terms: readonly string[]): unknown[] {
  const { id, project, question, decision, rationale, rejected, confidence, madeBy, affects, supersedes } =
    draft;
  const { roots, above } = placesOf(affects);
  const words = [question, decision, rationale, jsonText(rejected), confidence, madeBy, affects];
  return [id, project, ...words, supersedes, roots, above, terms, termsOf(question)];
}

const sourceValues = (from: DecisionSource | undefined): unknown[] =>
  from === undefined ? [0, null, null] : [from.number, from.file, from.source];

/** A decision by its whole id. */
export async function readDecision(
  session: Session,
  project: string,
  id: string,
): Promise<DecisionRow | undefined> {
  const [row] = await session.rows<DecisionRow>(one, [project, id]);
  return row;
}

/** Reasons against superseding a decision: it is unknown, or another one has done it. */
export function supersedeReasons(named: string, known: DecisionRow | undefined): Reason[] {
  if (known === undefined) return [reason('decision.missing', `decision/${named}`)];
  if (known.supersededBy === null) return [];
  const by = shortId(known.supersededBy);
  return [
    reason('decision.superseded', `decision/${shortId(known.id)}`, {
      found: `superseded by ${by}`,
      next: `supersede ${by}, which stands: andon decision show ${by}`,
    }),
  ];
}

const latest = statement(
  'decisions.latest',
  `select ${columns} from decisions where project = $1 and ($2 or superseded_by is null) order by at desc, number desc limit $3`,
);
// Materialised: a planner that does not know the values would walk all decisions by their time instead.
const near = statement(
  'decisions.near',
  `with near as materialized (select * from decisions where (roots && $2::text[] or above && $3::text[]) and project = $1 and superseded_by is null)
   select ${columns} from near order by at desc, number desc limit $4`,
);

/** The latest decisions; superseded ones only when all are asked for. */
export const listDecisions = (
  session: Session,
  project: string,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<DecisionRow[]> => session.rows<DecisionRow>(latest, [project, all, limit]);

const nearMax = 200;

/** Standing decisions whose globs share a path with these globs or paths, the newest first. */
export async function decisionsTouching(
  session: Session,
  project: string,
  globs: readonly string[],
  limit: number,
): Promise<DecisionRow[]> {
  if (globs.length === 0) return [];
  const { roots, above } = placesOf(globs);
  const rows = await session.rows<DecisionRow>(near, [project, above, roots, nearMax]);
  const found: DecisionRow[] = [];
  for (const row of rows) {
    if (found.length === limit) break;
    if (touches(row.affects, globs)) found.push(row);
  }
  return found;
}
