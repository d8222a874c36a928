import { join } from 'node:path';
import { isNotNull } from 'drizzle-orm';
import type { Logger } from 'pino';
import type { Feed } from '../../store/log/feed.ts';
import { belowWords, type LogMark } from '../../store/log/mark.ts';
import type { Store } from '../../store/store.ts';
import { projects } from '../../tasks/schema.ts';
import { commandWitness } from './command-witness.ts';
import { LogKeeper } from './log-keeper.ts';
import { markFile, parseMark } from './mark-file.ts';
import type { MarkPlace, WitnessName } from './places.ts';

/** The file of the mark in the state folder of a gateway. */
export const markPathOf = (stateFolder: string): string => join(stateFolder, 'log-mark.json');

/** Notes on the upstreams of projects, as the mirror witness needs them. */
export interface Notes {
  readNote(project: string, url: string): Promise<string | undefined>;
  writeNote(project: string, url: string, text: string): Promise<void>;
}

/** The store whose mark is kept, and the places of the mark. */
export interface OpenKeeper {
  readonly store: Store;
  readonly stateFolder: string;
  readonly witnesses: readonly WitnessName[];
  readonly notes: Notes;
  readonly log: Logger;
}

/**
 * Compares the database with its marks, before the first write to it, and begins to follow its log. A
 * database below the marks starts for reading.
 */
export async function startKeeper(options: OpenKeeper, feed: Feed): Promise<LogKeeper> {
  const keeper = openKeeper(options);
  const below = await keeper.check();
  if (below !== undefined) options.log.error({ below }, `the log is below its mark: ${belowWords(below)}`);
  await keeper.start((listener) => feed.hear(listener));
  return keeper;
}

/** The keeper of a gateway's mark, in its state folder and with every witness that the operator named. */
function openKeeper({ store, stateFolder, witnesses, notes, log }: OpenKeeper): LogKeeper {
  const fixed: MarkPlace[] = [
    markFile(markPathOf(stateFolder)),
    ...witnesses.flatMap((named) => {
      if (named.kind === 'mirror') return [];
      return [named.kind === 'file' ? markFile(named.path) : commandWitness(named.path)];
    }),
  ];
  const withMirrors = witnesses.some(({ kind }) => kind === 'mirror');
  const places = async (): Promise<readonly MarkPlace[]> =>
    withMirrors ? [...fixed, ...(await mirrors(store, notes))] : fixed;
  return new LogKeeper({ store, places, log });
}

/** A note on the upstream of every project that has one. */
async function mirrors(store: Store, notes: Notes): Promise<MarkPlace[]> {
  const rows = await store.orm
    .select({ name: projects.name, upstream: projects.upstream })
    .from(projects)
    .where(isNotNull(projects.upstream));
  return rows.map(({ name, upstream }) => ({
    name: `upstream of ${name}`,
    everyMs: 60_000,
    read: async () => parseMark(name, (await notes.readNote(name, upstream ?? '')) ?? ''),
    write: (mark: LogMark) => notes.writeNote(name, upstream ?? '', `${JSON.stringify(mark)}\n`),
  }));
}
