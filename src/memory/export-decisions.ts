import { columnsOf } from '../store/columns.ts';
import { type Session, statement } from '../store/store.ts';
import { fileOf, type PrintedDecision, printMadr } from './madr/print.ts';
import { decisions } from './schema.ts';

/** A decision as a file of the repository. */
export interface DecisionFile {
  readonly path: string;
  readonly text: string;
  readonly decision: string;
}

const page = statement(
  'decisions.files',
  `select ${columnsOf(decisions, ['project', 'roots', 'above', 'terms', 'questionTerms'], 'd')}, s.number as later, s.file as "laterFile"
   from decisions d left join decisions s on s.id = d.superseded_by where d.project = $1 order by d.number limit 10000`,
);

type ExportedRow = PrintedDecision & { readonly later: number | null; readonly laterFile: string | null };

/** Every decision as a file. One that came from a file keeps name and text. */
export async function decisionFiles(session: Session, project: string): Promise<DecisionFile[]> {
  const rows = await session.rows<ExportedRow>(page, [project]);
  return rows.map((row) => ({
    path: fileOf(row),
    text: printMadr(row, laterNumber(row)),
    decision: row.id,
  }));
}

/** The number by which files name the decision that supersedes this one: that of its file, if it has one. */
const laterNumber = ({ later, laterFile }: ExportedRow): number | null =>
  laterFile === null ? later : Number(/(\d+)-[^/]*$/.exec(laterFile)?.[1] ?? later);
