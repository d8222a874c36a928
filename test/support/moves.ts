import type { Move } from '../../src/lib/moves.ts';
import { runMoves } from '../../src/runs/states.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { changeMoves, taskMoves } from '../../src/tasks/states.ts';

/** A state written over another, as the database saw it. */
export interface SeenMove {
  readonly noun: 'tasks' | 'changes' | 'runs';
  readonly was: string;
  readonly now: string;
}

const recorder = [
  'create table test_moves (noun text not null, was text not null, now text not null, unique (noun, was, now))',
  `create function test_record_move() returns trigger language plpgsql as $$
   begin
     insert into test_moves values (tg_table_name, old.state, new.state) on conflict do nothing;
     return null;
   end $$`,
  ...['tasks', 'changes', 'runs'].map(
    (noun) =>
      `create trigger test_record_move after update of state on ${noun} for each row execute function test_record_move()`,
  ),
];

/** Makes the database write down each pair of states of tasks, changes and runs, from this call on. */
export async function recordMoves(store: Store): Promise<void> {
  for (const text of recorder) await store.rows(statement('', text));
}

/** The recorded pairs, as `noun: was → now`, in order. */
export async function seenMoves(store: Store): Promise<string[]> {
  const rows = await store.rows<SeenMove>(statement('', 'select noun, was, now from test_moves'));
  return rows.map(wordsOf).sort();
}

const wordsOf = ({ noun, was, now }: SeenMove): string => `${noun}: ${was} → ${now}`;

const tables = { tasks: taskMoves, changes: changeMoves, runs: runMoves } as const;

/** The pairs that the table of a noun lists, in order. */
export const listedMoves = (noun: SeenMove['noun']): string[] => {
  const moves: readonly Move[] = Object.values(tables[noun]);
  const pairs = moves.flatMap(({ from, to }) => from.map((was) => wordsOf({ noun, was, now: to })));
  return [...new Set(pairs)].sort();
};

/** The moves that the tables do not list: none, if all is well. */
export async function movesPastTables(store: Store): Promise<string[]> {
  const listed = new Set((['tasks', 'changes', 'runs'] as const).flatMap(listedMoves));
  return (await seenMoves(store)).filter((move) => !listed.has(move));
}
