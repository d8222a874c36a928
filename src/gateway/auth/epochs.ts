import { statement, type Tx } from '../../store/store.ts';

const named = statement(
  'projects.epochs',
  `select name, epoch from projects where (name = any($1::text[]) or '*' = any($1::text[])) and name <> '*'`,
);

/** Epochs of the projects that there are among these names; of all for `*`. */
export async function readEpochs(tx: Tx, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.rows<{ name: string; epoch: number }>(named, [names]);
  return new Map(rows.map(({ name, epoch }) => [name, epoch]));
}
