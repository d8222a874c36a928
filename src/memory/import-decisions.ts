import { sendMessage } from '../messages/messages.ts';
import { newId } from '../process/new-id.ts';
import { type EventDraft, event, gatewayEvent, jsonText } from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';
import { countTerms, termsOfDecision, uncountTerms } from './decision-terms.ts';
import { putDecision } from './decisions.ts';
import { numberOfFile } from './madr/folder.ts';
import { type MadrDecision, parseMadr } from './madr/parse.ts';
import { placesOf } from './paths.ts';
import { termsOf } from './terms.ts';

/** Files of decisions that a person's change has landed. */
export interface LandedFiles {
  readonly project: string;
  readonly author: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

interface KnownFile {
  readonly id: string;
  readonly terms: readonly string[];
  readonly source: string | null;
}

const known = statement(
  'decisions.byFile',
  'select id, terms, source from decisions where project = $1 and (file = $2 or id = $3) order by (file = $2) desc nulls last limit 1 for update',
);
const edit = statement(
  'decisions.edit',
  `update decisions set question = $3, decision = $4, rationale = $5, rejected = $6::jsonb, confidence = $7, affects = $8, file = $9,
     source = $10, roots = $11, above = $12, terms = $13, question_terms = $14 where project = $1 and id = $2`,
);

/**
 * Reads files of decisions: a new file becomes a decision, a changed one changes its decision. A file that cannot be
 * read changes nothing, and its author is told each fault with its line.
 */
export async function importDecisions(tx: Tx, landed: LandedFiles): Promise<EventDraft[]> {
  const events: EventDraft[] = [];
  const faults: string[] = [];
  const superseded: { readonly path: string; readonly id: string; readonly by: number }[] = [];
  for (const { path, text } of landed.files) {
    const parsed = parseMadr(text);
    if ('faults' in parsed) {
      faults.push(
        ...parsed.faults.map(({ line, found, limit }) => `${path}:${line}: ${found}; wanted: ${limit}`),
      );
      continue;
    }
    const { decision } = parsed;
    const { id, events: made } = await keepFile(tx, landed, { path, text }, decision);
    events.push(...made);
    if (decision.supersededBy !== null) superseded.push({ path, id, by: decision.supersededBy });
  }
  for (const one of superseded) faults.push(...(await supersedeByNumber(tx, landed.project, one)));
  await tellFaults(tx, landed, faults);
  return events;
}

async function keepFile(
  tx: Tx,
  { project, author }: LandedFiles,
  { path, text }: { readonly path: string; readonly text: string },
  decision: MadrDecision,
): Promise<{ id: string; events: EventDraft[] }> {
  const [row] = await tx.rows<KnownFile>(known, [project, path, decision.id ?? '']);
  const said = { question: decision.question, affects: decision.affects, supersedes: null };
  if (row === undefined) {
    const id = newId('decision');
    const draft = { ...decision, id, project, madeBy: author, supersedes: null };
    const number = await putDecision(tx, draft, { file: path, number: numberOfFile(path), source: text });
    const data = { number, ...said, file: path };
    return { id, events: [gatewayEvent(project, event('decision.recorded', `decision/${id}`, data))] };
  }
  if (row.source === text) return { id: row.id, events: [] };
  await editDecision(tx, project, row, { path, text }, decision);
  const changed = event('decision.edited', `decision/${row.id}`, { file: path, by: author });
  return { id: row.id, events: [gatewayEvent(project, changed)] };
}

async function editDecision(
  tx: Tx,
  project: string,
  row: KnownFile,
  { path, text }: { readonly path: string; readonly text: string },
  { question, decision, rationale, rejected, confidence, affects }: MadrDecision,
): Promise<void> {
  const terms = termsOfDecision({ question, decision, rationale, rejected, affects });
  const { roots, above } = placesOf(affects);
  const words = [question, decision, rationale, jsonText(rejected), confidence, affects];
  await tx.rows(edit, [project, row.id, ...words, path, text, roots, above, terms, termsOf(question)]);
  await uncountTerms(tx, project, row.terms);
  await countTerms(tx, project, terms);
}

const byNumber = statement(
  'decisions.byNumber',
  `select id, file from decisions where project = $1 and file ~ ('^docs/decisions/0*' || $2::int || '-') order by at limit 1`,
);
const supersede = statement(
  'decisions.supersedeFile',
  'update decisions set superseded_by = $3 where project = $1 and id = $2 and superseded_by is distinct from $3',
);
// The chain of decisions that supersede one another, from one on.
const chain = statement(
  'decisions.chain',
  `with recursive later as (select id, superseded_by, 1 as n from decisions where project = $1 and id = $2
     union all select d.id, d.superseded_by, n + 1 from later l join decisions d on d.project = $1 and d.id = l.superseded_by where n < 1000)
   select id from later`,
);

/** Marks a decision as superseded by that of another file; answers the fault when that is none, itself, or a ring. */
async function supersedeByNumber(
  tx: Tx,
  project: string,
  { path, id, by }: { readonly path: string; readonly id: string; readonly by: number },
): Promise<string[]> {
  const [next] = await tx.rows<{ id: string }>(byNumber, [project, by]);
  if (next === undefined)
    return [`${path}:1: superseded by ADR-${by}, which there is not; wanted: the number of a file`];
  const later = await tx.rows<{ id: string }>(chain, [project, next.id]);
  if (later.some((one) => one.id === id))
    return [`${path}:1: superseded by ADR-${by}, which it supersedes itself; wanted: no ring`];
  await tx.rows(supersede, [project, id, next.id]);
  return [];
}

const faultsToldMax = 50;

async function tellFaults(
  tx: Tx,
  { project, author }: LandedFiles,
  faults: readonly string[],
): Promise<void> {
  if (faults.length === 0) return;
  await sendMessage(tx, {
    project,
    recipient: author,
    kind: 'alert',
    subject: 'decisions',
    title: `files of decisions with ${faults.length} fault${faults.length === 1 ? '' : 's'}: nothing was read from these places`,
    body: faults.slice(0, faultsToldMax).join('\n'),
  });
}
