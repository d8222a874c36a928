import { columnsOf } from '../store/columns.ts';
import { type Session, statement } from '../store/store.ts';
import type { DecisionRow } from './decisions.ts';
import { decisions } from './schema.ts';
import { termsOf } from './terms.ts';

/** A decision that a search has found; the higher the score, the better. */
export interface FoundDecision extends DecisionRow {
  readonly score: number;
}

const counts = statement(
  'decisions.counts',
  'select term, n from decision_terms where project = $1 and term = any($2::text[])',
);

// The terms of a decision count once each: in texts of a page, a second mention says little. A term of the
// question counts double, and a long text has to hold more of them.
const best = statement(
  'decisions.best',
  `with near as materialized (select id, terms, question_terms from decisions
     where project = $1 and terms && $2::text[] and terms @> $3::text[] and ($4 or superseded_by is null) order by at desc limit $5),
   scored as (select d.id, (select sum(q.weight * (1 + (q.term = any(d.question_terms))::int)) from unnest($6::text[], $7::float8[]) as q(term, weight)
       where q.term = any(d.terms)) / (0.7 + 0.3 * cardinality(d.terms) / 80.0) as score from near d order by score desc limit $8)
   select ${columnsOf(decisions, ['project', 'source', 'roots', 'above', 'terms', 'questionTerms'], 'd')}, s.score from scored s join decisions d on d.id = s.id
   order by s.score desc, d.number desc`,
);

const candidatesMax = 1_000;
const termsMax = 60;

interface Weighed {
  readonly term: string;
  readonly n: number;
  readonly weight: number;
}

/**
 * The decisions that fit a question best, by the rarity of the terms that they share with it. Common terms only rank:
 * the rarest ones choose the candidates, so the search costs the same in a large record.
 */
export async function searchDecisions(
  session: Session,
  project: string,
  { query, all, limit }: { readonly query: string; readonly all: boolean; readonly limit: number },
): Promise<FoundDecision[]> {
  const wanted = termsOf(query).slice(0, termsMax);
  if (wanted.length === 0) return [];
  const rows = await session.rows<{ term: string; n: number }>(counts, [project, ['', ...wanted]]);
  const total = rows.find(({ term }) => term === '')?.n ?? 0;
  const weighed = weigh(
    rows.filter(({ term }) => term !== ''),
    total,
  );
  if (weighed.length === 0) return [];
  const { any, every } = choose(weighed);
  const terms = weighed.map(({ term }) => term);
  const weights = weighed.map(({ weight }) => weight);
  return session.rows<FoundDecision>(best, [project, any, every, all, candidatesMax, terms, weights, limit]);
}

/** Terms with their weights, the rarest first. */
function weigh(rows: readonly { readonly term: string; readonly n: number }[], total: number): Weighed[] {
  return rows
    .map(({ term, n }) => ({ term, n, weight: Math.log(1 + (total - n + 0.5) / (n + 0.5)) }))
    .sort((a, b) => a.n - b.n || (a.term < b.term ? -1 : 1));
}

/**
 * The terms of which a candidate holds any, and those of which it holds every one: where even the rarest term is in
 * too many decisions, candidates hold the next ones too.
 */
function choose(weighed: readonly Weighed[]): { readonly any: string[]; readonly every: string[] } {
  const any: string[] = [];
  let sum = 0;
  for (const { term, n } of weighed) {
    if (any.length > 0 && sum + n > candidatesMax) break;
    any.push(term);
    sum += n;
  }
  if (sum <= candidatesMax) return { any, every: [] };
  return { any, every: weighed.slice(0, 2).map(({ term }) => term) };
}
