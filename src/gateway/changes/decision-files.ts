import type { ObjectReader } from '../../git/objects/reader.ts';
import { importDecisions, type LandedFiles } from '../../memory/import-decisions.ts';
import { isDecisionFile } from '../../memory/madr/folder.ts';
import type { EventDraft } from '../../store/log/events.ts';
import { type Store, statement } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { changesOf } from '../repositories/patch.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** A landing whose files of decisions nobody has read yet. */
interface UnreadLanding {
  readonly id: string;
  readonly author: string;
  readonly base: string;
  readonly tree: string;
}

const unread = statement(
  'landings.unread',
  `select l.id, c.author, c.base, c.tree from landings l join changes c on c.id = l.change
   where l.project = $1 and l.state = 'done' and not l.decisions_read order by l.ended_at, l.position limit 100`,
);
const done = statement(
  'landings.read',
  'update landings set decisions_read = true where id = any($1::text[]) and not decisions_read returning id',
);

const fileBytesMax = 400_000;

/** Services that the reading of decisions needs. */
export interface DecisionFilesPorts {
  readonly store: Store;
  readonly git: Repositories;
  readonly systemTransaction: SystemTransaction;
}

/**
 * Reads the files of decisions that people's changes have landed. A file that an agent's change has landed becomes no
 * decision. Landings are read in their order, each once, whichever gateway comes to it.
 */
export async function readDecisionFiles(ports: DecisionFilesPorts, project: string): Promise<void> {
  const { store, git, systemTransaction } = ports;
  const landings = await store.rows<UnreadLanding>(unread, [project]);
  if (landings.length === 0) return;
  const { reader } = await git.open(project);
  const landed: (LandedFiles & { readonly landing: string })[] = [];
  for (const one of landings) {
    const files = one.author.startsWith('human:') && one.tree !== '' ? await filesOf(reader, one) : [];
    landed.push({ project, author: one.author, files, landing: one.id });
  }
  await systemTransaction(project, async (tx) => {
    const taken = await tx.rows<{ id: string }>(done, [landings.map(({ id }) => id)]);
    const mine = new Set(taken.map(({ id }) => id));
    const events: EventDraft[] = [];
    for (const one of landed) if (mine.has(one.landing)) events.push(...(await importDecisions(tx, one)));
    return { result: undefined, events };
  });
}

async function filesOf(reader: ObjectReader, { base, tree }: UnreadLanding): Promise<LandedFiles['files']> {
  const changes = (await changesOf(reader, { base, tree })) ?? [];
  const files: { path: string; text: string }[] = [];
  for (const { path, newOid } of changes) {
    if (newOid === undefined || !isDecisionFile(path)) continue;
    const size = (await reader.info(newOid))?.bytes ?? 0;
    // A file beyond all limits is refused by the reader of its form, by its length alone.
    const text =
      size > fileBytesMax
        ? ' '.repeat(size)
        : (await reader.read(newOid, 'blob', fileBytesMax)).toString('utf8');
    files.push({ path, text });
  }
  return files;
}
