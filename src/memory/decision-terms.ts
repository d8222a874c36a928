import { statement, type Tx } from '../store/store.ts';
import type { RejectedOption } from './schema.ts';
import { termsOf } from './terms.ts';

/** The texts of a decision, which are searched. */
export interface TextsOfDecision {
  readonly question: string;
  readonly decision: string;
  readonly rationale: string;
  readonly rejected: readonly RejectedOption[];
  readonly affects: readonly string[];
}

const termsMax = 600;

/** The terms that a decision is found by; a text without any word is found by its sign of emptiness alone. */
export function termsOfDecision({
  question,
  decision,
  rationale,
  rejected,
  affects,
}: TextsOfDecision): string[] {
  const against = rejected.flatMap(({ option, reason }) => [option, reason]);
  const terms = termsOf([question, decision, rationale, ...against, ...affects].join('\n'));
  return terms.length === 0 ? ['∅'] : terms.slice(0, termsMax);
}

// In the order of the terms, so that two writers never wait for one another.
const count = statement(
  'decisions.count',
  `insert into decision_terms (project, term, n) select $1, term, 1 from unnest($2::text[]) as given(term) order by term
   on conflict (project, term) do update set n = decision_terms.n + 1`,
);

const uncount = statement(
  'decisions.uncount',
  `update decision_terms set n = n - 1 where project = $1 and term = any($2::text[])`,
);

/** Takes a decision out of the counts of its terms. */
export const uncountTerms = (tx: Tx, project: string, terms: readonly string[]): Promise<unknown> =>
  tx.rows(uncount, [project, ['', ...terms]]);

/** Counts a decision under each of its terms, and under the empty term, which counts all. */
export const countTerms = (tx: Tx, project: string, terms: readonly string[]): Promise<unknown> =>
  tx.rows(count, [project, ['', ...terms]]);
