import { type Store, statement, type Tx } from '../store/store.ts';
import { countTerms, type TextsOfDecision, termsOfDecision } from './decision-terms.ts';
import { termsOf } from './terms.ts';

const bare = statement(
  'decisions.bare',
  `select id, project, question, decision, rationale, rejected, affects from decisions where cardinality(terms) = 0
   order by id limit 200 for update skip locked`,
);
const fill = statement(
  'decisions.fill',
  'update decisions set terms = $2, question_terms = $3 where id = $1',
);

type Bare = TextsOfDecision & { readonly id: string; readonly project: string };

/** Finds the terms of decisions that an earlier version has kept as reports; does nothing once they are found. */
export async function indexDecisions(store: Store): Promise<void> {
  while ((await store.transaction(indexSome)) > 0);
}

async function indexSome(tx: Tx): Promise<number> {
  const rows = await tx.rows<Bare>(bare);
  for (const row of rows) {
    const terms = termsOfDecision(row);
    await tx.rows(fill, [row.id, terms, termsOf(row.question)]);
    await countTerms(tx, row.project, terms);
  }
  return rows.length;
}
